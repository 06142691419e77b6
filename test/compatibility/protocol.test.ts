// The wire below the commands: inline commands, protocol errors and their end, requests that come
// in pieces, pipelines, limits.

import { encodeCommand } from '../support/command-line.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, hangUp, on, raw, receive, sleep } from '../support/script.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

compareWithRedis('protocol', (define) => {
  define('inline commands', [
    ...[
      'PING\r\n',
      'PING\n',
      'ping hello\r\n',
      '  PING  \r\n',
      '\tPING\tx\t\r\n',
      'SET k v\r\n',
      'GET k\n',
      'SET k "a b"\r\n',
      'GET k\r\n',
      "SET k 'a b'\r\n",
      "SET k 'a\\'b\\n'\r\n",
      'GET k\r\n',
      'SET k "\\x00\\xff\\n\\r\\t\\b\\a\\\\\\"\\q\\xzz"\r\n',
      'GET k\r\n',
      'SET k ""\r\n',
      'GET k\r\n',
      'SET "" \'\'\r\n',
      'GET ""\r\n',
      'SET k a"b"\r\n',
      'SET k \xff\xfe\r\n',
      'GET k\r\n',
      'ECHO $5\r\n',
      'ECHO *1\r\n',
      'bogus *1 $2\r\n',
      '"PING"\r\n',
      '"bo gus" x\r\n',
      'GET\r\n',
      'PING\r\r\n',
      '+PING\r\n',
      '$4\r\n',
      ':1\r\n',
      '-ERR\r\n',
      'PING \x0b\x0c x\r\n',
      'ECHO \\x41\r\n',
      'ECHO a\\ b\r\n',
    ].map((line) => raw(line)),
    raw('\r\n', 0),
    raw('\n', 0),
    raw('   \r\n', 0),
    raw('\r\n\r\nPING\r\n'),
    raw('""\r\n'),
    raw(`ECHO ${'x'.repeat(60_000)}\r\n`),
    raw('PING a\r\n*2\r\n$4\r\nPING\r\n$1\r\nb\r\nPING c\n\r\nPING d\r\n', 4),
  ]);

  const fatal = {
    'unbalanced quotes': [
      'SET k "a\r\n',
      "SET k 'a\r\n",
      'SET k "a"b\r\n',
      "SET k 'a'b\r\n",
      '"\r\n',
      'SET k "a\\"\r\n',
      "SET k '\\'\r\n",
      'PING\r\nSET k "a\r\nPING\r\n',
    ],
    'multibulk length': [
      '*abc\r\n',
      '*\r\n',
      '*1.0\r\n',
      '* 1\r\n',
      '*+1\r\n',
      '*01\r\n$4\r\nPING\r\n',
      '*1 \r\n',
      '*2147483648\r\n',
      '*99999999999999999999\r\n',
      '*-99999999999999999999\r\n',
      '*1a\r\n$4\r\nPING\r\n',
      '*$1\r\n',
    ],
    'bulk type': [
      '*1\r\nPING\r\n',
      '*1\r\n:4\r\n',
      '*1\r\n*1\r\n',
      '*1\r\n\r\n',
      '*1\r\n+OK\r\n',
      '*1\r\n"\r\n',
      "*1\r\n'\r\n",
      '*1\r\n\x01\r\n',
      '*1\r\n\xff\r\n',
      '*2\r\n$4\r\nPING\r\nx\r\n',
      '*2\r\n$4\r\nPING\r\n\r\n$1\r\nx\r\n',
    ],
    'bulk length': [
      '*1\r\n$\r\n',
      '*1\r\n$abc\r\n',
      '*1\r\n$-1\r\n',
      '*1\r\n$-2\r\n',
      '*1\r\n$1.0\r\n',
      '*1\r\n$ 4\r\nPING\r\n',
      '*1\r\n$+4\r\nPING\r\n',
      '*1\r\n$04\r\nPING\r\n',
      '*1\r\n$4 \r\nPING\r\n',
      '*1\r\n$536870913\r\n',
      '*1\r\n$9223372036854775807\r\n',
      '*1\r\n$9223372036854775808\r\n',
      '*1\r\n$99999999999999999999999\r\n',
      '*2\r\n$3\r\nGET\r\n$-1\r\n',
    ],
    'http requests': [
      'POST / HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'Host: localhost\r\n',
      'post x\r\n',
    ],
  };
  for (const [name, requests] of Object.entries(fatal)) {
    define(`errors that end the connection: ${name}`, [
      ...requests.flatMap((request, index) => [
        on(`c${index}`, raw(request, 'close')),
        // Whole commands in front of the error are still answered.
        on(`d${index}`, raw(`*1\r\n$4\r\nPING\r\n${request}`, 'close')),
        on(`e${index}`, raw(`${request}*1\r\n$4\r\nPING\r\nPING\r\n`, 'close')),
      ]),
    ]);
  }

  const endless = [
    'x'.repeat(64 * KIB + 1),
    'PING '.repeat(14 * KIB),
    `*${'1'.repeat(70 * KIB)}`,
    `*${'x'.repeat(64 * KIB + 1)}`,
    `*1\r\n$${'1'.repeat(70 * KIB)}`,
    `*2\r\n$4\r\nPING\r\n${'$'.repeat(70 * KIB)}`,
  ];
  define('errors that end the connection: lines without an end', [
    ...endless.flatMap((request, index) => [
      on(`c${index}`, raw(request, 'close')),
      on(`d${index}`, raw(`*1\r\n$4\r\nPING\r\n${request}`, 'close')),
    ]),
  ]);

  define('lengths that are strange and harmless', [
    raw('*0\r\n', 0),
    raw('*-1\r\n', 0),
    raw('*-5\r\n', 0),
    raw('*-0\r\n*0\r\nPING\r\n'),
    raw('*1\r\n$0\r\n\r\n'),
    raw('*2\r\n$0\r\n\r\n$0\r\n\r\n'),
    raw('*2\r\n$4\r\nECHO\r\n$0\r\n\r\n'),
    // The two bytes after a bulk are taken for its line end whatever they are.
    raw('*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n', 2),
    'PING',
    raw('*1\r\n$4\r\nPING\r\n\r\n\r\nPING\r\n', 2),
  ]);

  const absurd = ['*1000000\r\n', '*2147483647\r\n', '*2\r\n$3\r\nGET\r\n$536870912\r\n'];
  define('absurd lengths are only a promise', [
    ...absurd.flatMap((start, index) => [on(`c${index}`, raw(start, 0)), 'PING']),
    sleep(20),
    ...absurd.map((_, index) => hangUp(`c${index}`)),
    'PING\nDBSIZE',
  ]);

  const request = Buffer.concat([
    encodeCommand(['SET', 'key', 'a\r\nb']),
    Buffer.from('ECHO "in line"\r\n'),
    encodeCommand(['GET', 'key']),
    Buffer.from('*0\r\n\r\n'),
    encodeCommand(['MGET', 'key', '', 'missing']),
    encodeCommand(['bogus']),
    encodeCommand(['SETRANGE', 'key', '12', '0123456789']),
  ]);
  define('requests cut in two at every byte', [
    ...Array.from(request, (_, cut) => [
      raw(request.subarray(0, cut), 0),
      sleep(1),
      raw(request.subarray(cut), 6),
    ]).flat(),
  ], { protocols: [2] });

  define('requests byte by byte', [
    ...Array.from(request, (_, at) => [raw(request.subarray(at, at + 1), 0), sleep(1)]).flat(),
    receive('a', 6),
  ]);

  define('long pipelines', [
    raw(
      pipeline(10_000, (index) => ['INCRBY', 'k', String(index)]),
      10_000,
    ),
    raw('PING\r\n'.repeat(10_000), 10_000),
    raw(
      pipeline(300, (index) => ['SET', `k${index}`, 'v'.repeat(index * 37)]),
      300,
    ),
    raw(
      pipeline(300, (index) => ['GET', `k${index}`]),
      300,
    ),
    raw(
      pipeline(50, (index) => ['SET', `k${index}`, 'w'.repeat(40_000 + index)]),
      50,
    ),
    raw(
      pipeline(50, (index) => ['GET', `k${index}`]),
      50,
    ),
  ]);

  define('many and large arguments', [
    command('MSET', ...Array.from({ length: 20_000 }, (_, index) => `${index}`)),
    command('MGET', ...Array.from({ length: 20_000 }, (_, index) => `${index}`)),
    command('DEL', ...Array.from({ length: 20_000 }, (_, index) => `${index}`)),
    command('SET', 'k', 'x'.repeat(3 * MIB)),
    'STRLEN k\nGET k',
    command('SET', 'y'.repeat(MIB), 'v'),
    command('GET', 'y'.repeat(MIB)),
  ]);

  define('before authentication requests are small', [
    'CONFIG SET requirepass secret',
    on('b', raw('*11\r\n', 'close')),
    on('c', raw('*10\r\n$4\r\nPING\r\n$16385\r\n', 'close')),
    on('d', raw(encodeCommand(['PING', 'x'.repeat(16_384)]))),
    on('e', raw(`PING ${'x'.repeat(40_000)}\r\n`)),
    on('f', raw(encodeCommand(['AUTH', 'secret']))),
    on('f', raw(encodeCommand(['PING', 'x'.repeat(16_385)]))),
    'CONFIG SET requirepass ""',
  ], { protocols: [2] });

  define('proto-max-bulk-len', [
    `CONFIG SET proto-max-bulk-len ${MIB}`,
    command('SET', 'k', 'x'.repeat(MIB)),
    'APPEND k y',
    'APPEND k ""',
    `SETRANGE k ${MIB} y`,
    `SETRANGE k ${MIB - 1} y`,
    `SETRANGE other ${MIB} y`,
    'STRLEN k',
    on('b', raw(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${MIB + 1}\r\n`, 'close')),
    'CONFIG SET proto-max-bulk-len 1048575\nCONFIG SET proto-max-bulk-len 512mb\nCONFIG GET proto-max-bulk-len',
  ]);

  define('client-query-buffer-limit', [
    `CONFIG SET client-query-buffer-limit ${MIB}`,
    on(
      'b',
      raw(
        Buffer.concat([
          Buffer.from(`*2\r\n$4\r\nECHO\r\n$${2 * MIB}\r\n`),
          Buffer.alloc(2 * MIB, 'x'),
        ]),
        'close',
      ),
    ),
    'PING',
  ], { protocols: [2] });

  define('maxclients', [
    'b> PING\nCONFIG SET maxclients 3',
    on('c', receive('c', 'close')),
    on('d', raw('PING\r\n', 'close')),
    'b> PING\nCONFIG SET maxclients 100\ne> PING\nCONFIG SET maxclients 0',
  ], { protocols: [2] });
});

function pipeline(length: number, args: (index: number) => string[]): Buffer {
  return Buffer.concat(Array.from({ length }, (_, index) => encodeCommand(args(index))));
}
