// CLIENT: names, lists, killing, pausing, replies off, unblocking.

import { expect, test } from 'vitest';
import { type Comparer, redact, shape, transformed } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Reply, textOf } from '../support/reply-frames.ts';
import {
  blocked,
  capture,
  closes,
  compared,
  intended,
  raw,
  receive,
  send,
  sleep,
} from '../support/script.ts';

/** The fields of a client's line that tell of this connection and this server alone. */
const VARYING =
  /\b(id|addr|laddr|fd|age|idle|qbuf|qbuf-free|argv-mem|multi-mem|rbs|rbp|obl|oll|omem|tot-mem)=\S*/;

/** Fields that Redis has from 7.2 on, and Synap with it: 7.0, the oracle here, has none of them. */
const LATER_FIELDS = / (lib-name|lib-ver)=\S*/g;

const REFUSED_IN_MULTI = /^-ERR Command not allowed inside a transaction\r\n$/;

const clientLine = transformed('client lines', (text) =>
  text.replace(LATER_FIELDS, '').replace(new RegExp(VARYING, 'g'), '$1='),
);

/** Without the lines of the subcommands that are those of Redis 7.2. */
const helpOfRedis7: Comparer = {
  name: 'help of Redis 7.0',
  equal: (expected, actual) => olderLines(expected) === olderLines(actual),
};

function olderLines({ items }: Reply): string {
  const lines = (items ?? []).map(textOf);
  return lines.filter((_, i) => !isLater(lines[i]) && !isLater(lines[i - 1] ?? '')).join('\n');
}

/** Each is followed by one line that explains it. */
function isLater(line: string): boolean {
  return /^(SETINFO|NO-TOUCH) /.test(line);
}

compareWithRedis('CLIENT', (define, servers) => {
  define('ID and names', [
    compared(shape, 'CLIENT ID\nclient id'),
    String.raw`
      CLIENT GETNAME
      CLIENT SETNAME me
      CLIENT GETNAME
      CLIENT SETNAME ""
      CLIENT GETNAME
      CLIENT SETNAME "a b"
      CLIENT SETNAME "a\nb"
      CLIENT SETNAME "\x00"
      CLIENT SETNAME "\x7f"
      CLIENT SETNAME "\xff"
      CLIENT SETNAME "~!"
      CLIENT GETNAME
      CLIENT SETNAME
      CLIENT SETNAME a b
      CLIENT GETNAME x
      CLIENT GETREDIR
      CLIENT GETREDIR x
      CLIENT
      CLIENT bogus
      CLIENT ID x
    `,
  ]);

  define('HELP', [
    intended('client-7.2', /^\*52\r\n\+CLIENT <subcommand> /, 'CLIENT HELP'),
    intended('client-7.2', /\r\n\+HELP\r\n\+ {4}Prints this help\.\r\n$/, 'client help'),
    compared(helpOfRedis7, 'CLIENT HELP'),
    'CLIENT HELP me',
  ]);

  define('INFO and LIST: the fields of a line', [
    compared(
      clientLine,
      `
        CLIENT INFO
        CLIENT SETNAME me
        SELECT 5
        CLIENT INFO
        MULTI
        PING
        b> CLIENT SETNAME other
        b> CLIENT INFO
        EXEC
        WATCH a b
        CLIENT INFO
        UNWATCH
        CLIENT NO-EVICT on
        CLIENT INFO
        CLIENT NO-EVICT off
        b> GET k
        b> get k
        b> CONFIG GET maxmemory
        b> bogus
        b> GET
        b> CLIENT NO-EVICT on
        CLIENT LIST TYPE pubsub
        CLIENT LIST TYPE master
        CLIENT LIST TYPE replica
        CLIENT LIST TYPE slave
      `,
    ),
    capture('a', 'CLIENT ID'),
    capture('b', 'b> CLIENT ID'),
    compared(
      clientLine,
      `
        CLIENT LIST ID $a
        CLIENT LIST ID $b $a
        CLIENT LIST ID $b $b
        CLIENT LIST ID 999999
        CLIENT LIST
        client list type normal
        CLIENT LIST type NORMAL
      `,
    ),
    `
      CLIENT LIST TYPE
      CLIENT LIST TYPE bogus
      CLIENT LIST ID
      CLIENT LIST ID abc
      CLIENT LIST ID -1
      CLIENT LIST ID 0
      CLIENT LIST ID 1.5
      CLIENT LIST bogus
      CLIENT LIST bogus x
      CLIENT LIST TYPE normal ID 1
      CLIENT LIST TYPE normal extra
      CLIENT INFO x
    `,
  ]);

  define(
    'LIST: cmd names what was asked for last, whether it ran or not',
    [
      capture('b', 'b> CLIENT ID'),
      ...[
        'b> GET k',
        'b> bogus',
        'b> GET k\nb> CLIENT bogus',
        'b> CLIENT',
        'b> GET',
        'b> SELECT 99',
        'b> DEBUG',
        'b> MULTI',
        'b> LPUSH l x',
        'b> SET k',
        'b> CLIENT SETNAME',
        'b> CONFIG bogus',
        'b> EXEC',
        'b> MULTI\nb> CLIENT GETNAME\nb> EXEC',
        'b> MULTI\nb> BLPOP l 0\nb> DISCARD',
        'b> RESET',
      ].map((lines) => [lines, compared(clientLine, 'CLIENT LIST ID $b')]),
      send('b> BLPOP nolist 0'),
      blocked(1),
      compared(clientLine, 'CLIENT LIST ID $b'),
      'LPUSH nolist x',
      receive('b', 1),
      compared(clientLine, 'CLIENT LIST ID $b'),
      'CLIENT PAUSE 60000 WRITE',
      send('b> SET k v'),
      sleep(100),
      compared(clientLine, 'CLIENT LIST ID $b'),
      'CLIENT UNPAUSE',
      receive('b', 1),
    ].flat(),
  );

  define('errors quote the beginning of what they refuse', [
    `CLIENT KILL USER ${'u'.repeat(65_536)}\nCLIENT LIST TYPE ${'t'.repeat(1000)}`,
    intended(
      'long-quotes',
      /^-ERR Unknown client type 't{65536}'\r\n$/,
      `CLIENT LIST TYPE ${'t'.repeat(65_537)}`,
    ),
    intended(
      'long-quotes',
      /^-ERR No such user 'u{65536}'\r\n$/,
      `CLIENT KILL USER ${'u'.repeat(100_000)}`,
    ),
    `CLIENT ${'s'.repeat(100_000)}\n${'c'.repeat(100_000)}\nOBJECT ${'s'.repeat(200)} x`,
  ]);

  define('KILL: the old form', [
    capture('b', 'b> CLIENT INFO', /\baddr=(\S+)/),
    'CLIENT KILL $b',
    receive('b', 'close'),
    'CLIENT KILL $b\nCLIENT KILL 1.2.3.4:5\nCLIENT KILL ""\nCLIENT KILL bogus\nCLIENT KILL',
    capture('self', 'CLIENT INFO', /\baddr=(\S+)/),
    closes('CLIENT KILL $self'),
  ]);

  define('KILL: by id, address, type, user', [
    capture('b', 'b> CLIENT ID'),
    'CLIENT KILL ID $b',
    receive('b', 'close'),
    'CLIENT KILL ID $b\nCLIENT KILL ID 999999',
    capture('c', 'c> CLIENT INFO', /\baddr=(\S+)/),
    'CLIENT KILL ADDR $c TYPE pubsub\nCLIENT KILL addr $c type normal skipme yes',
    receive('c', 'close'),
    capture('d', 'd> CLIENT ID'),
    capture('daddr', 'd> CLIENT INFO', /\baddr=(\S+)/),
    capture('dladdr', 'd> CLIENT INFO', /\bladdr=(\S+)/),
    'CLIENT KILL ID $d ADDR 1.2.3.4:5\nCLIENT KILL LADDR 1.2.3.4:5\nCLIENT KILL ID $d USER default LADDR $dladdr',
    receive('d', 'close'),
    capture('self', 'CLIENT ID'),
    'CLIENT KILL ID $self\nCLIENT KILL ID $self SKIPME yes\nCLIENT KILL SKIPME yes ID $self',
    'e> PING\nf> MULTI',
    'CLIENT KILL USER nobody\nCLIENT KILL TYPE bogus\nCLIENT KILL TYPE pubsub\nCLIENT KILL TYPE master',
    'CLIENT KILL TYPE replica\nCLIENT KILL TYPE slave SKIPME no',
    `
      CLIENT KILL ID
      CLIENT KILL ID abc
      CLIENT KILL ID 0
      CLIENT KILL ID -1
      CLIENT KILL ID 1.5
      CLIENT KILL ID 99999999999999999999
      CLIENT KILL SKIPME
      CLIENT KILL SKIPME bogus
      CLIENT KILL SKIPME maybe ID 5
      CLIENT KILL bogus x
      CLIENT KILL ADDR
      CLIENT KILL ID 999999 bogus
      CLIENT KILL ID 999999 TYPE
      CLIENT KILL ID 999999 ID 999998
    `,
    closes('CLIENT KILL ID $self SKIPME no'),
    'e> PING',
  ]);

  define('KILL: all but oneself', [
    'b> PING',
    // The number counts the connection that the comparison itself holds open.
    'CLIENT KILL TYPE normal',
    receive('b', 'close'),
    'PING\nCLIENT KILL TYPE normal SKIPME yes',
    closes('CLIENT KILL TYPE normal SKIPME no'),
  ]);

  define('KILL in a transaction ends it after its reply', [
    capture('self', 'CLIENT ID'),
    'MULTI\nSET k v\nCLIENT KILL ID $self SKIPME no\nSET k w',
    closes('EXEC'),
    'b> GET k',
  ]);

  define('REPLY', [
    'CLIENT REPLY ON\nCLIENT REPLY on\nCLIENT REPLY bogus\nCLIENT REPLY\nCLIENT REPLY ON x',
    send('CLIENT REPLY SKIP'),
    send('SET k skipped'),
    'GET k',
    send('CLIENT REPLY SKIP'),
    send('bogus'),
    'GET k',
    send('CLIENT REPLY OFF'),
    send('SET k off'),
    send('GET k'),
    send('bogus'),
    send('CLIENT REPLY SKIP'),
    send('GET k'),
    'CLIENT REPLY ON\nGET k',
    send('CLIENT REPLY SKIP'),
    send('CLIENT REPLY SKIP'),
    send('GET k'),
    'GET k',
    send('CLIENT REPLY SKIP'),
    'CLIENT REPLY ON',
    'GET k',
  ]);

  define('REPLY in a transaction', [
    // What Redis answers to EXEC after OFF and SKIP is no reply: see below.
    ...['ON', 'bogus'].flatMap((mode) => [
      'MULTI',
      intended('client-reply-in-transactions', REFUSED_IN_MULTI, `CLIENT REPLY ${mode}`),
      'PING',
      intended('client-reply-in-transactions', /^-EXECABORT /, 'EXEC'),
      'PING',
    ]),
    // A transaction without replies may begin, and ends as it should.
    send('CLIENT REPLY OFF'),
    send('MULTI'),
    send('SET k v'),
    send('EXEC'),
    'CLIENT REPLY ON\nGET k',
  ]);

  test.each(['OFF', 'SKIP'])('REPLY %s does not cut the reply of EXEC short', async (mode) => {
    const client = await RawClient.connect(servers()[1].port);
    const lines = ['MULTI', 'PING', `CLIENT REPLY ${mode}`, 'PING', 'EXEC', 'PING'];
    client.send(Buffer.from(lines.map((line) => `${line}\r\n`).join('')));
    const { replies } = await client.read(lines.length);
    await client.close();
    expect(replies.map(({ bytes }) => bytes.toString())).toEqual([
      '+OK\r\n',
      '+QUEUED\r\n',
      expect.stringMatching(REFUSED_IN_MULTI),
      '+QUEUED\r\n',
      expect.stringMatching(/^-EXECABORT /),
      '+PONG\r\n',
    ]);
  });

  define('NO-EVICT', [
    'CLIENT NO-EVICT on\nCLIENT NO-EVICT OFF\nCLIENT NO-EVICT\nCLIENT NO-EVICT bogus\nCLIENT NO-EVICT on off',
  ]);

  define('SETINFO and NO-TOUCH', [
    ...(
      [
        ['CLIENT SETINFO LIB-NAME mylib', /^\+OK\r\n$/],
        ['CLIENT SETINFO lib-ver 1.2.3', /^\+OK\r\n$/],
        ['CLIENT INFO', / lib-name=mylib lib-ver=1\.2\.3\b/],
        ['CLIENT SETINFO LIB-NAME ""', /^\+OK\r\n$/],
        ['CLIENT INFO', / lib-name= lib-ver=1\.2\.3\b/],
        [
          'CLIENT SETINFO LIB-NAME "a b"',
          /^-ERR LIB-NAME cannot contain spaces, newlines or special characters\.\r\n$/,
        ],
        [
          'CLIENT SETINFO LIB-VER "a\\n"',
          /^-ERR LIB-VER cannot contain spaces, newlines or special characters\.\r\n$/,
        ],
        ['CLIENT SETINFO bogus x', /^-ERR Unrecognized option 'bogus'\r\n$/],
        [
          'CLIENT SETINFO LIB-NAME',
          /^-ERR wrong number of arguments for 'client\|setinfo' command\r\n$/,
        ],
        ['CLIENT NO-TOUCH on', /^\+OK\r\n$/],
        ['CLIENT NO-TOUCH OFF', /^\+OK\r\n$/],
        ['CLIENT NO-TOUCH bogus', /^-ERR syntax error\r\n$/],
        ['CLIENT NO-TOUCH', /^-ERR wrong number of arguments for 'client\|no-touch' command\r\n$/],
      ] satisfies [string, RegExp][]
    ).map(([line, reply]) => intended('client-7.2', reply, line)),
  ]);

  define('UNBLOCK', [
    capture('self', 'CLIENT ID'),
    `
      CLIENT UNBLOCK $self
      CLIENT UNBLOCK $self TIMEOUT
      CLIENT UNBLOCK $self error
      CLIENT UNBLOCK $self bogus
      CLIENT UNBLOCK 999999
      CLIENT UNBLOCK 0
      CLIENT UNBLOCK -1
      CLIENT UNBLOCK abc
      CLIENT UNBLOCK
      CLIENT UNBLOCK 1 TIMEOUT x
    `,
  ]);

  define('PAUSE: errors', [
    `
      CLIENT PAUSE
      CLIENT PAUSE abc
      CLIENT PAUSE -1
      CLIENT PAUSE 1.5
      CLIENT PAUSE 0
      CLIENT PAUSE 10 bogus
      CLIENT PAUSE 10 WRITE x
      CLIENT PAUSE 99999999999999999999
      CLIENT UNPAUSE
      CLIENT UNPAUSE x
      CLIENT PAUSE 0 ALL
      CLIENT PAUSE 0 write
    `,
  ]);

  define('PAUSE WRITE holds writes and lets reads pass', [
    'SET k v\ne> MULTI\ne> SET m x\nCLIENT PAUSE 60000 WRITE',
    send('b> SET k w'),
    send('c> INCR n'),
    send('c> GET n'),
    'd> MULTI\nd> GET k\nd> EXEC\nd> MULTI',
    send('d> SET l x'),
    send('e> EXEC'),
    'GET k\nPING\nCONFIG GET maxmemory\nEXISTS n\nTTL k',
    // A pause is only ever made longer and stricter.
    'CLIENT PAUSE 10 WRITE\nGET k\nCLIENT UNPAUSE',
    receive('b'),
    receive('c', 2),
    receive('d'),
    receive('e'),
    'd> EXEC\nMGET k l m\nCLIENT UNPAUSE',
  ]);

  define('UNPAUSE in the middle of a pipeline', [
    'SET k v\nCLIENT PAUSE 60000 WRITE',
    send('b> SET k w'),
    raw('PING\r\nCLIENT UNPAUSE\r\nGET k\r\nPING\r\n', 4),
    receive('b'),
    'GET k',
  ]);

  define('PAUSE ALL holds everything and ends by itself', [
    'SET k v\nb> PING\nCLIENT PAUSE 150',
    send('b> GET k'),
    sleep(20),
    send('a> SET k w'),
    receive('b'),
    receive('a'),
    'GET k\nCLIENT PAUSE 100 ALL',
    send('b> PING'),
    receive('b'),
    'CLIENT PAUSE 60000 WRITE\nCLIENT UNPAUSE\nSET k x',
  ], { protocols: [2] });

  define('PAUSE: keys do not expire meanwhile', [
    'SET k v PX 20\nCLIENT PAUSE 60000 WRITE',
    sleep(50),
    'GET k\nEXISTS k\nDBSIZE\nCLIENT UNPAUSE\nDEBUG SET-ACTIVE-EXPIRE 1\nGET k\nDBSIZE',
  ], { protocols: [2] });

  define('LIST forgets connections that are gone', [
    closes('b> QUIT'),
    closes('c> QUIT'),
    compared(redact(VARYING), 'CLIENT LIST ID 0'),
    compared(clientLine, 'CLIENT LIST'),
  ]);
});
