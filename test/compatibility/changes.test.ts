// What counts as a change of the data (rdb_changes_since_last_save), command by command: snapshots
// become due by it. Expired and evicted keys are no changes, a renamed key is one.

import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { escaped, payloadOf, STRING_VALUE } from '../persistence/rdb/payloads.ts';
import { splitLine } from '../support/command-line.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';

const STRING = escaped(payloadOf(STRING_VALUE));

const SCRIPTS: readonly (readonly [name: string, script: string])[] = [
  [
    'strings',
    `SET a 1; SET a 2 KEEPTTL; SET a 3 EX 100; SET a 3 NX; SETNX a 1; SETNX n 1; SETEX a 10 x
     MSET a 1 b 2 c 3; MSETNX a 1 z 1; MSETNX y 1 z 1; INCR a; INCRBYFLOAT a 1.5; APPEND a x
     SETRANGE a 3 zz; SETRANGE missing 0 ""; GETSET a v; GETDEL a; GETDEL a; INCR n; GET n`,
  ],
  [
    'bits',
    `SETBIT k 3 0; SETBIT k 3 0; SETBIT k 3 1; SETBIT k 3 1; SETBIT k 100 0; GETBIT k 3; BITCOUNT k
     BITOP AND to no; BITOP NOT to k; BITOP NOT to k; BITOP OR to no nope; BITOP OR to no; BITPOS k 1
     BITFIELD k SET u8 0 0 SET u8 8 1 INCRBY u8 16 1; BITFIELD k SET u8 0 0; BITFIELD k GET u8 0
     BITFIELD k OVERFLOW FAIL SET u8 0 300 SET u8 0 3; BITFIELD k SET u8 200 0 SET u8 0 3
     BITFIELD new SET u8 0 0 SET u8 8 0 OVERFLOW FAIL SET u8 0 300; BITFIELD_RO k GET u8 0`,
  ],
  [
    'HyperLogLogs',
    `PFADD k; PFADD k; PFADD k a b c a; PFADD k a b; PFCOUNT k; PFCOUNT k; PFADD n a b; PFCOUNT n k
     PFMERGE to no; PFMERGE to k n; PFMERGE to; PFCOUNT to; PFCOUNT to; PFDEBUG GETREG n
     PFDEBUG GETREG n; PFDEBUG TODENSE k; PFDEBUG TODENSE k; PFDEBUG DECODE to; PFDEBUG ENCODING to
     PFADD n a; PFADD n c d; PFMERGE to n; PFCOUNT n`,
  ],
  [
    'expiry',
    `SET a 1; GETEX a; GETEX a EX 100; GETEX a PERSIST; GETEX a PERSIST; EXPIRE a 100
     EXPIRE a 100 NX; PERSIST a; PERSIST a; EXPIRE a -1; SET a 1; GETEX a EXAT 1; SET a 1
     SET a 1 EXAT 1; SET a 1`,
  ],
  [
    'names',
    `MSET a 1 b 2 c 3; RENAME a a; RENAME a b; RENAME b c; RENAME missing c; SET d 1
     RENAMENX c d; RENAMENX c e; RENAMENX e e; DEL d d missing; UNLINK e; TOUCH e`,
  ],
  [
    'copies and databases',
    `SET e 1; COPY e f; COPY e f; COPY e f REPLACE; COPY e e DB 1; MOVE e 1; MOVE f 1; SET f 1
     MOVE f 1; SWAPDB 0 1; SWAPDB 0 0; MSET a 1 b 1; FLUSHDB; FLUSHDB; SET a 1; FLUSHALL`,
  ],
  [
    'sorting',
    `RPUSH l 2 1 3; SORT l; SORT l STORE d; SORT l BY nosort GET # GET x STORE d; SORT l STORE l; SORT no STORE d
     SORT no STORE d; SORT l BY w_* GET w_*; SORT_RO l; SORT l LIMIT 5 5 STORE l; RPUSH l x; SORT l STORE l`,
  ],
  [
    'places',
    `GEOADD g 1 1 a 2 2 b; GEOADD g 1 1 a; GEOADD g CH 1 2 a 3 3 c; GEOADD g NX 5 5 a; GEOADD g XX 5 5 z
     GEOADD g 200 1 a; GEOSEARCH g FROMMEMBER a BYRADIUS 1 m; GEOSEARCHSTORE d g FROMMEMBER a BYRADIUS 9000 km
     GEOSEARCHSTORE d g FROMLONLAT 100 1 BYRADIUS 1 m; GEOSEARCHSTORE d g FROMLONLAT 100 1 BYRADIUS 1 m
     GEORADIUS g 1 1 9000 km STORE e; GEORADIUS g 1 1 9000 km; GEORADIUSBYMEMBER g a 1 m STOREDIST e
     GEORADIUSBYMEMBER no a 1 m STORE e; GEORADIUSBYMEMBER no a 1 m STORE e`,
  ],
  [
    'streams',
    `XADD s 1-0 f v; XADD s 1-0 f v; XADD no NOMKSTREAM 1-0 f v; XADD s MAXLEN 1 2-0 f v; XADD s 3-0 f v
     XADD s MAXLEN 0 4-0 f v; XADD s 5-0 f v; XADD s 6-0 f v; XADD s 7-0 f v; XDEL s 5-0 6-0 9-0; XDEL s 5-0
     XTRIM s MAXLEN 5; XADD s 8-0 f v; XADD s 9-0 f v; XTRIM s MAXLEN 1; XTRIM s MAXLEN 0; XSETID s 9-0
     XSETID s 10-0; XSETID s 1 ENTRIESADDED -1; XRANGE s - +; XREAD STREAMS s 0; XLEN s; XINFO STREAM s`,
  ],
  [
    'groups of streams',
    `XGROUP CREATE s g 0 MKSTREAM; XGROUP CREATE s g 0; XGROUP CREATE s h $; XADD s 1-0 f v; XADD s 2-0 f v
     XADD s 3-0 f v; XADD s 4-0 f v; XREADGROUP GROUP g a COUNT 1 STREAMS s >; XREADGROUP GROUP g a STREAMS s 0
     XREADGROUP GROUP g b NOACK COUNT 1 STREAMS s >; XREADGROUP GROUP g c STREAMS s 0; XACK s g 1-0 9-0
     XREADGROUP GROUP g a STREAMS s >; XREADGROUP GROUP g a STREAMS s >; XREADGROUP GROUP g d STREAMS s >
     XREADGROUP GROUP g b NOACK STREAMS s >; XACK s g 1-0; XCLAIM s g b 0 3-0 4-0; XCLAIM s g b 0 3-0 JUSTID
     XCLAIM s g e 1000000 3-0; XCLAIM s g b 0 9-0 LASTID 20-0; XDEL s 3-0; XCLAIM s g b 0 3-0; XPENDING s g
     XAUTOCLAIM s g b 0 0; XAUTOCLAIM s g f 1000000 0; XDEL s 4-0; XAUTOCLAIM s g b 0 0; XAUTOCLAIM s g b 0 0
     XGROUP SETID s g 0; XGROUP SETID s g 0; XGROUP CREATECONSUMER s g x; XGROUP CREATECONSUMER s g x
     XGROUP DELCONSUMER s g x; XGROUP DELCONSUMER s g x; XGROUP DESTROY s h; XGROUP DESTROY s h; XINFO GROUPS s`,
  ],
  [
    'payloads',
    `RESTORE r 0 "${STRING}"; RESTORE r 0 "${STRING}"; RESTORE r 0 "${STRING}" REPLACE
     RESTORE r 5 "${STRING}" REPLACE ABSTTL; RESTORE r 5 "${STRING}" REPLACE ABSTTL; DUMP r`,
  ],
  [
    'keys that expire',
    `DEBUG SET-ACTIVE-EXPIRE 0; SET p 1 PX 1; DEBUG SLEEP 0.01; GET p; SET p 1 PX 1; SET q 1
     DEBUG SLEEP 0.01; RENAME q p; SET p 1 PX 1; DEBUG SET-ACTIVE-EXPIRE 1; pause 300; PING`,
  ],
  [
    'keys that are evicted',
    `SET a 1; CONFIG SET maxmemory-policy allkeys-lru; CONFIG SET maxmemory 1; pause 100; PING
     PING; CONFIG SET maxmemory 0; CONFIG SET maxmemory-policy noeviction`,
  ],
];

compareWithRedis('changes', (_, servers) => {
  test.each(SCRIPTS)('%s', async (_name, script) => {
    const lines = script.split(/[;\n]/).map((line) => line.trim());
    const [redis, synap] = await Promise.all(servers().map(({ port }) => changes(port, lines)));
    expect(synap).toEqual(redis);
    expect(synap.some((line) => line.startsWith('1 '))).toBe(true);
  });
});

/** Runs lines (commands and pauses, in ms) without keys at first; tells how many changes each made. */
async function changes(port: number, lines: readonly string[]): Promise<string[]> {
  const client = await RawClient.connect(port);
  try {
    await client.command('FLUSHALL');
    const counted: string[] = [];
    let before = await changesSoFar(client);
    for (const line of lines) {
      const [, pauseMs] = /^pause (\d+)$/.exec(line) ?? [];
      if (pauseMs === undefined) await client.command(...splitLine(line));
      else await setTimeout(Number(pauseMs));
      const after = await changesSoFar(client);
      counted.push(`${after - before} ${line}`);
      before = after;
    }
    return counted;
  } finally {
    await client.close();
  }
}

async function changesSoFar(client: RawClient): Promise<number> {
  const info = textOf(await client.command('INFO', 'persistence'));
  return Number(/^rdb_changes_since_last_save:(\d+)/m.exec(info)?.[1]);
}
