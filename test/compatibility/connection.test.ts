// Connections: HELLO, AUTH, SELECT, RESET, QUIT and the small talk of PING and ECHO.

import { redact } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { closes, command, compared, framed, raw, send } from '../support/script.ts';

/** What HELLO tells about the server itself: its version and the connection's id. */
const HELLO_VARIES = redact(/^\d+\.\d+\.\d+$|^\d{1,6}$/);

compareWithRedis('connection', (define) => {
  define('PING and ECHO', [
    String.raw`
      PING
      PING hello
      PING ""
      PING "\x00\xff"
      PING a b
      ECHO hello
      ECHO ""
      ECHO "\r\n\x00"
      ECHO
      ECHO a b
      echo Mixed
    `,
    command('ECHO', 'x'.repeat(100_000)),
    command('PING', 'y'.repeat(20_000)),
  ]);

  define('HELLO', [
    compared(
      HELLO_VARIES,
      `
        HELLO
        HELLO 2
        HELLO
        HELLO 3
        HELLO
        HELLO 3 SETNAME me
        HELLO 2 SETNAME you
      `,
    ),
    `
      CLIENT GETNAME
      PING
      GET missing
    `,
    compared(HELLO_VARIES, 'HELLO 3\nhello 3 setname other SetName last\nHELLO 03'),
    'CLIENT GETNAME\nGET missing\nHELLO 1\nHELLO 4\nGET missing\nHELLO 2 bogus\nGET missing',
    String.raw`
      HELLO 0
      HELLO -1
      HELLO abc
      HELLO ""
      HELLO 3.0
      HELLO 99999999999999999999
      HELLO SETNAME x
      HELLO 3 SETNAME
      HELLO 3 SETNAME "a b"
      HELLO 3 SETNAME "a\nb"
      HELLO 3 AUTH
      HELLO 3 AUTH default
      HELLO 3 AUTH nobody wrong
      HELLO 3 bogus
      HELLO 3 SETNAME x bogus
      HELLO 2 AUTH default x SETNAME "a b"
      CLIENT GETNAME
    `,
    compared(
      HELLO_VARIES,
      'HELLO 3 AUTH default "" SETNAME z\nHELLO 2 AUTH default anything\nHELLO 3 SETNAME ""',
    ),
    'CLIENT GETNAME',
  ]);

  define('HELLO in every state of the server and of the connection', [
    'CONFIG SET maxmemory 1\nSET k v',
    compared(HELLO_VARIES, 'HELLO 3\nHELLO 2'),
    'CONFIG SET maxmemory 0\nm> MULTI\nm> GET missing\nm> HELLO 3\nm> GET missing',
    compared(HELLO_VARIES, 'm> EXEC'),
    'm> GET missing',
    'CLIENT PAUSE 20 WRITE',
    compared(HELLO_VARIES, 'p> HELLO 3'),
    'CLIENT UNPAUSE',
    'w> WATCH k',
    compared(HELLO_VARIES, 'w> HELLO 3'),
  ], { protocols: [2] });

  define('HELLO of a subscriber', [
    framed('s> SUBSCRIBE x', 1),
    's> HELLO 3\ns> HELLO 2\ns> HELLO',
    framed('s> UNSUBSCRIBE', 1),
    compared(HELLO_VARIES, 's> HELLO 3'),
    framed('s> SUBSCRIBE x', 1),
    compared(HELLO_VARIES, 's> HELLO 2'),
  ], { protocols: [2] });

  define('HELLO changes the protocol for the replies after it', [
    'SET k v',
    ...['3', '2', '3'].map((version) => [
      ...compared(HELLO_VARIES, `HELLO ${version}`),
      ...compared(redact(/^never$/), 'GET missing\nCONFIG GET maxmemory\nMGET k missing'),
    ]),
  ]);

  define('AUTH without a password', [
    `
      AUTH x
      AUTH default x
      AUTH nobody x
      AUTH default ""
      AUTH ""
      AUTH
      AUTH a b c
      PING
    `,
  ]);

  define('AUTH with a password', [
    'CONFIG SET requirepass secret\nPING\nb> PING\nb> ping\nb> ECHO x\nb> GET k\nb> bogus\nb> GET',
    `
      b> MULTI
      b> EXEC
      b> COMMAND COUNT
      b> CLIENT ID
      b> SELECT 1
      b> HELLO
      b> HELLO 2
      b> HELLO 3
      b> HELLO 3 SETNAME x
      b> HELLO 9
      b> HELLO 3 AUTH default wrong
      b> HELLO 3 AUTH nobody secret
      b> AUTH wrong
      b> AUTH default wrong
      b> AUTH nobody secret
      b> AUTH Default secret
      b> AUTH ""
      b> AUTH secret extra args
      b> AUTH "secret\\x00"
      b> PING
      b> AUTH secret
      b> PING
      b> AUTH wrong
      b> PING
      b> AUTH default secret
      c> AUTH default secret
      c> PING
      c> RESET
      c> PING
      CONFIG SET requirepass other
      b> PING
      d> AUTH secret
      d> AUTH other
      b> AUTH other
      RESET
      PING
      AUTH other
      CONFIG GET requirepass
      CONFIG SET requirepass ""
      e> PING
      AUTH other
      AUTH default other
      AUTH default whatever
    `,
    compared(HELLO_VARIES, 'e> HELLO 3'),
  ], { protocols: [2] });

  define('HELLO with AUTH', [
    'CONFIG SET requirepass secret',
    compared(
      HELLO_VARIES,
      'b> HELLO 3 AUTH default secret SETNAME me\nc> HELLO 2 AUTH default secret',
    ),
    'b> CLIENT GETNAME\nb> GET k\nc> GET k\nd> HELLO 3 SETNAME x AUTH default wrong\nd> PING',
    compared(HELLO_VARIES, 'd> HELLO 3 SETNAME x AUTH default secret'),
    'd> CLIENT GETNAME\nCONFIG SET requirepass ""',
  ], { protocols: [2] });

  define('QUIT and commands to a password-protected server before it', [
    'CONFIG SET requirepass secret\nb> QUIT',
    closes('c> QUIT'),
    closes('d> quit now'),
    'CONFIG SET requirepass ""',
  ], { protocols: [2] });

  define('QUIT answers and closes', [
    'SET k v',
    closes('b> QUIT'),
    closes('c> quit with arguments'),
    'd> MULTI\nd> SET k w',
    closes('d> QUIT'),
    'GET k',
    // What follows QUIT in a pipeline is not run.
    raw(
      '*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nx\r\n',
      'close',
    ),
    'e> GET k',
  ]);

  define('RESET and CLIENT REPLY', [
    send('CLIENT REPLY OFF'),
    'RESET\nPING',
    send('CLIENT REPLY SKIP'),
    send('RESET'),
    'PING',
    send('CLIENT REPLY SKIP'),
    send('MULTI'),
    'RESET\nPING',
  ]);

  define('RESET', [
    `
      RESET
      CLIENT SETNAME me
      SELECT 3
      SET k v
      RESET
      CLIENT GETNAME
      GET k
      SELECT 3
      GET k
      RESET
      MULTI
      SET k w
      RESET
      EXEC
      WATCH k
      b> SET k x
      RESET
      MULTI
      PING
      EXEC
      RESET now
      reset
    `,
    compared(HELLO_VARIES, 'HELLO 3'),
    'GET missing\nRESET\nGET missing',
  ]);

  define('RESET while replies are off', [
    // It is itself the command whose reply is left out.
    send('CLIENT REPLY SKIP'),
    send('RESET'),
    'PING\nCLIENT REPLY ON',
    send('CLIENT REPLY OFF'),
    'RESET\nPING',
    send('CLIENT REPLY SKIP'),
    send('MULTI'),
    'RESET\nPING',
  ], { protocols: [2] });

  define('SELECT', [
    'SELECT 5\nSET k five\nb> GET k\nb> SELECT 5\nb> GET k\nSELECT 00\nSELECT 5 \nGET k\nSELECT +5',
  ]);

  define('commands that do not exist, and wrong numbers of arguments', [
    String.raw`
      bogus
      BOGUS
      Bogus a
      bogus a b c
      bogus ""
      "" a
      bogus "with \"quotes\"" 'and \' these'
      bogus "line\r\nbreak" "\x00nul" "\xff\xfe"
      "bo gus"
      "bo\r\ngus"
      "bo\x00gus"
      "\xff"
      "get k"
      GETT k
      GE k
      "GET " k
      " GET" k
      "GET\x00" k
      GET|x k
      client|id
      CLIENT
      CLIENT bogus
      CLIENT "" x
      CLIENT "b\r\no" x
      CLIENT ID x
      CONFIG
      CONFIG bogus
      CONFIG GET
      CONFIG SET
      CONFIG SET a
      COMMAND bogus
      COMMAND COUNT x
      OBJECT
      OBJECT bogus x
      SLOWLOG
      SLOWLOG bogus
      MEMORY
      LATENCY
      DEBUG
      get
      gEt
      SET k
      "config|get"
    `,
    command('x'.repeat(300)),
    command('bogus', ...Array.from({ length: 60 }, (_, index) => `argument-${index}`)),
    command('bogus', 'y'.repeat(127)),
    command('bogus', 'y'.repeat(128)),
    command('bogus', 'y'.repeat(129)),
    command('bogus', 'y'.repeat(500), 'next'),
    command('x'.repeat(127), 'y'),
    command('x'.repeat(128), 'y'),
    command('x'.repeat(129), 'y'),
    command('CLIENT', 'x'.repeat(300)),
    command('CONFIG', 'x'.repeat(128), 'a'),
    command('bogus', ...Array.from({ length: 2_000 }, () => 'z')),
    command('bogus', ...Array.from({ length: 5 }, () => '')),
  ]);
});

compareWithRedis(
  'renamed commands',
  (define) => {
    define('rename-command', [
      `
        SET k v
        GET k
        FETCH k
        fetch k
        FLUSHDB
        DBSIZE
        FETCH
        get
        COMMAND INFO get
        COMMAND INFO fetch
        COMMAND INFO flushdb
        COMMAND GETKEYS fetch k
        MULTI
        FETCH k
        EXEC
      `,
    ]);
  },
  {
    config: {
      'rename-command': [
        ['GET', 'fetch'],
        ['FLUSHDB', ''],
      ],
    },
  },
);
