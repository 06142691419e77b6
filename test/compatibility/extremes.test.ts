// Numbers at the ends of their ranges: times that are added to now, numbers that are multiplied,
// counts and offsets. None waits for ever, wraps around or takes the server down.

import { expect, test } from 'vitest';
import { payloadOf, STRING_VALUE } from '../persistence/rdb/payloads.ts';
import { type Comparer, transformed } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { RawClient } from '../support/raw-client.ts';
import { blocked, command, compared, intended, send } from '../support/script.ts';

const MAX = '9223372036854775807';
const MIN = '-9223372036854775808';
/** More than 64 bits hold, once the present is added. */
const TOO_LATE_MS = '9223372036854775000';
const TOO_LATE_S = '9223372036854775';
/** For ever, and still a time when the present is added. */
const FAR_S = '9200000000000000';
const VALUE = payloadOf(STRING_VALUE);
const OUT_OF_RANGE = /^-ERR timeout is out of range\r\n$/;

/** Equal when both say so many seconds, or one more as a second may begin meanwhile: never less. */
function idleFor(seconds: number): Comparer {
  return transformed(`idle for ${seconds} s`, (text) =>
    [seconds, seconds + 1].includes(Number(text)) ? 'as asked' : text,
  );
}

compareWithRedis('extremes', (define, servers) => {
  define('CLIENT PAUSE', [
    `CLIENT PAUSE ${MIN}\nCLIENT PAUSE 9223372036854775808`,
    ...[MAX, TOO_LATE_MS].map((timeout) =>
      intended('far-timeouts', OUT_OF_RANGE, `CLIENT PAUSE ${timeout} WRITE`),
    ),
    'CLIENT UNPAUSE',
    'CLIENT PAUSE 9000000000000000000 WRITE',
    send('b> SET k v'),
    'GET k\nCLIENT UNPAUSE\nb> PING',
  ], { protocols: [2] });

  define('waiting for keys', [
    ...[MAX, '1e16', '1e4000', 'inf'].flatMap((timeout) =>
      [
        `BLPOP k ${timeout}`,
        `BRPOP k ${timeout}`,
        `BLMOVE k t LEFT LEFT ${timeout}`,
        `BRPOPLPUSH k t ${timeout}`,
        `BLMPOP ${timeout} 1 k LEFT`,
      ].map((line, i) => intended('far-timeouts', OUT_OF_RANGE, `c${i}> ${line}`)),
    ),
    `BLPOP k ${MIN}\nBLMPOP -1e300 1 k LEFT\nBLMPOP 0.01 ${MAX} k LEFT`,
    `BLMPOP 0.01 1 k LEFT COUNT ${MAX}`,
    send(`b> BLPOP k ${FAR_S}`),
    blocked(1),
    send('c> BLPOP j 2147483.7'),
    blocked(2),
    'RPUSH k v\nRPUSH j w\nb> PING\nc> PING',
  ]);

  // Redis 7.0 adds these to now, and has the client wait for ever.
  test.each([
    `CLIENT PAUSE ${TOO_LATE_MS} ALL`,
    `BLPOP k ${TOO_LATE_S}`,
    `BLMPOP ${TOO_LATE_S} 1 k LEFT`,
  ])('%s', async (line) => {
    const client = await RawClient.connect(servers()[1].port);
    const reply = await client.command(...line.split(' '));
    await client.close();
    expect(reply.bytes.toString()).toMatch(OUT_OF_RANGE);
  });

  define('expiry', [
    ...['EX', 'PX', 'EXAT', 'PXAT'].flatMap((unit) => [
      `SET k v ${unit} ${MIN}\nSET k v ${unit} 9223372036854775808\nSET k v ${unit} 0`,
      `SET k v\nGETEX k ${unit} ${MIN}\nGETEX k ${unit} 0`,
    ]),
    ...['EX', 'PX', 'EXAT'].map((unit) => `SET k v ${unit} ${MAX}\nGETEX k ${unit} ${MAX}`),
    `SETEX k ${MAX} v\nPSETEX k ${MAX} v\nSETEX k 9223370399119966 v`,
    ...['EXPIRE', 'PEXPIRE', 'EXPIREAT', 'PEXPIREAT'].map(
      (name) => `SET k v\n${name} k ${MIN}\nEXISTS k\nSET k v\n${name} k -1\nEXISTS k`,
    ),
    `SET k v\nEXPIRE k ${MAX}\nPEXPIRE k ${MAX}\nEXPIREAT k ${MAX}\nTTL k`,
    `EXPIRE k ${TOO_LATE_S}\nPEXPIRE k ${TOO_LATE_MS}\nTTL k`,
  ]);

  define('counts, offsets and ids', [
    `
      RPUSH l a b c
      LRANGE l ${MIN} ${MAX}
      LINDEX l ${MIN}
      LINDEX l ${MAX}
      LSET l ${MIN} x
      LTRIM l ${MIN} ${MAX}
      LREM l ${MIN} b
      LPOS l c RANK ${MIN}
      LPOS l c RANK -9223372036854775807
      LPOS l c COUNT ${MAX} MAXLEN ${MAX}
      LMPOP ${MAX} l LEFT
      LPOP l ${MAX}
      SET k v
      GETRANGE k ${MIN} ${MAX}
      SETRANGE k ${MAX} v
      SETRANGE k ${MIN} v
      SCAN 0 COUNT ${MAX}
      SELECT ${MAX}
      SELECT 4294967296
      MOVE k ${MAX}
      COPY k j DB ${MAX}
      SWAPDB 0 ${MAX}
      CLIENT KILL ID ${MAX}
      CLIENT KILL ID 9223372036854775808
      CLIENT LIST ID ${MAX}
      CLIENT UNBLOCK ${MAX}
      CLIENT TRACKING ON REDIRECT ${MAX}
      SLOWLOG GET ${MIN}
      MEMORY USAGE none SAMPLES ${MAX}
      MEMORY USAGE none SAMPLES ${MIN}
      HELLO ${MAX}
      HELLO 4294967299
      LCS k k MINMATCHLEN ${MAX}
      LCS k k MINMATCHLEN ${MIN}
      DEBUG SLEEP ${MIN}
      DEBUG SLEEP 1e300
      DEBUG SLEEP inf
      DEBUG SLEEP nan
      DEBUG SET-ACTIVE-EXPIRE 9223372036854775808
      DEBUG SET-ACTIVE-EXPIRE 1
    `,
  ]);

  define('MIGRATE', [
    `MIGRATE 127.0.0.1 1 k ${MAX} ${MAX}`,
    'SET k v',
    ...[MAX, '2147483648', '-1', MIN].map((timeout) => `MIGRATE 127.0.0.1 1 k 0 ${timeout}`),
    `MIGRATE 127.0.0.1 1 k ${MAX} 5000\nMIGRATE 127.0.0.1 1 k ${MIN} 5000`,
    'MIGRATE 127.0.0.1 1 k 0 9223372036854775808\nMIGRATE 127.0.0.1 99999 k 0 5000',
  ]);

  define('idle times', [
    'SET k v',
    ...[0, 1, 10, 59, 255, 256, 257, 1000, 4096, 86_399, 1_000_000].flatMap((seconds) => [
      command('RESTORE', 'k', '0', VALUE, 'REPLACE', 'IDLETIME', String(seconds)),
      compared(idleFor(seconds), 'OBJECT IDLETIME k'),
    ]),
    command('RESTORE', 'k', '0', VALUE, 'REPLACE', 'IDLETIME', MIN),
  ]);
});
