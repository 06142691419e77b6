// DEBUG: the subcommands beyond the everyday ones of server.test.ts. What Redis has and Synap has not
// is named here once, and in docs/compatibility.md.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LIST_VALUES, payloadOf, STRING_VALUE } from '../persistence/rdb/payloads.ts';
import { transformed } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { RawClient } from '../support/raw-client.ts';
import { itemsOf, textOf } from '../support/reply-frames.ts';
import { awaits, command, compared, intended, sleep } from '../support/script.ts';
import { target } from '../support/synap-server.ts';

/** Subcommands of Redis that Synap has not, and the other way round. */
const LEFT_OUT = [
  'AOF-FLUSH-SLEEP',
  'CHANGE-REPL-ID',
  'LEAK',
  'MALLCTL',
  'MALLCTL-STR',
  'STRUCTSIZE',
];
const ADDED = ['JMAP', 'STRINGMATCH-LEN'];

const DAMAGED = payloadOf(STRING_VALUE);
DAMAGED[DAMAGED.length - 1] ^= 0xff;
const DAMAGED_LIST = payloadOf(LIST_VALUES[0].value);
DAMAGED_LIST[DAMAGED_LIST.length - 2] ^= 0xff;
/** A version that is not known. */
const NEWER = payloadOf(STRING_VALUE, 99);

/** Texts whose numbers depend on how memory is laid out. */
const withoutNumbers = transformed('no numbers', (text) => text.replace(/ *\d+/g, '#'));

compareWithRedis('DEBUG', (define, servers) => {
  define('how values lie in memory', [
    'SET k hello\nSET n 123\nRPUSH l a b c\nSET "" x\nDEBUG SET-ACTIVE-EXPIRE 0',
    ...['LISTPACK', 'QUICKLIST', 'HTSTATS-KEY', 'SDSLEN'].flatMap((name) => [
      `DEBUG ${name}\nDEBUG ${name} none\nDEBUG ${name} n\nDEBUG ${name} k x y z`,
    ]),
    'DEBUG LISTPACK k\nDEBUG LISTPACK l\nDEBUG HTSTATS-KEY k\nDEBUG HTSTATS-KEY l\nDEBUG SDSLEN l',
    'DEBUG QUICKLIST k\nDEBUG QUICKLIST l\nDEBUG quicklist l 1\nDEBUG QUICKLIST l x',
    compared(withoutNumbers, 'DEBUG SDSLEN k\nDEBUG SDSLEN ""'),
    // Of these only SDSLEN looks past expiry.
    'SET k v PX 1\nRPUSH j a\nPEXPIRE j 1',
    sleep(5),
    compared(withoutNumbers, 'DEBUG SDSLEN k'),
    'DBSIZE\nDEBUG LISTPACK k\nDEBUG QUICKLIST j\nDBSIZE\nDEBUG SET-ACTIVE-EXPIRE 1',
  ]);

  define('SDSLEN tells the lengths', [
    'SET key "a value"',
    compared(
      transformed('lengths', (text) => text.replace(/(avail|zmalloc):\s*\d+/g, '$1')),
      'DEBUG SDSLEN key',
    ),
  ]);

  define('HTSTATS', [
    'DEBUG HTSTATS x\nDEBUG HTSTATS 99\nDEBUG HTSTATS -1\nDEBUG HTSTATS\nDEBUG HTSTATS 0 1',
    'FLUSHALL\nDEBUG HTSTATS 0\nDEBUG HTSTATS 3\nMSET a 1 b 2\nPEXPIRE a 100000',
    compared(
      transformed('elements', (text) => (text.match(/.* HT\]|number of .*/g) ?? []).join(' ')),
      'DEBUG HTSTATS 0',
    ),
  ]);

  define('switches', [
    ...['0', '1b', '100', '1gb', '4293918720', 'x', '-1', '4gb', '4293918721', '""'].map(
      (size) => `DEBUG QUICKLIST-PACKED-THRESHOLD ${size}`,
    ),
    'DEBUG QUICKLIST-PACKED-THRESHOLD\nDEBUG QUICKLIST-PACKED-THRESHOLD 0',
    'DEBUG REPLICATE x\nDEBUG REPLICATE x y\nDEBUG REPLICATE',
    ...[
      'DEBUG DROP-CLUSTER-PACKET-FILTER',
      'DEBUG CLUSTERLINK KILL',
      'DEBUG CLUSTERLINK KILL to',
    ].map((line) => `${line} 1\n${line} -1\n${line} x`),
    'DEBUG DROP-CLUSTER-PACKET-FILTER\nDEBUG CLUSTERLINK KILL\nDEBUG CLUSTERLINK KILL to x y',
    'DEBUG PAUSE-CRON\nDEBUG SET-SKIP-CHECKSUM-VALIDATION\nDEBUG SET-SKIP-CHECKSUM-VALIDATION 0 1',
    'DEBUG RESTART x\nDEBUG CRASH-AND-RECOVER x\nDEBUG CONFIG-REWRITE-FORCE-ALL x',
    'DEBUG STRINGMATCH-TEST x',
  ]);

  define('PAUSE-CRON', [
    'DEBUG PAUSE-CRON 1',
    sleep(150),
    'SET k v PX 1',
    sleep(250),
    'DBSIZE\nDEBUG PAUSE-CRON 0',
    awaits('DBSIZE', /^0$/),
  ], { protocols: [2] });

  define('SET-SKIP-CHECKSUM-VALIDATION', [
    command('RESTORE', 'k', '0', DAMAGED),
    'DEBUG SET-SKIP-CHECKSUM-VALIDATION 1',
    command('RESTORE', 'k', '0', DAMAGED),
    command('RESTORE', 'l', '0', DAMAGED_LIST),
    command('RESTORE', 'newer', '0', NEWER),
    'GET k\nLRANGE l 0 -1\nDEBUG SET-SKIP-CHECKSUM-VALIDATION x',
    command('RESTORE', 'm', '0', DAMAGED),
  ]);

  define('CLIENT-EVICTION', [
    'DEBUG CLIENT-EVICTION\nDEBUG CLIENT-EVICTION x\nCONFIG SET maxmemory-clients 100mb',
    compared(
      transformed('classes', (text) => text.replace(/tot-mem: +\d+, clients: \d+/g, '')),
      'DEBUG CLIENT-EVICTION',
    ),
  ]);

  define('CONFIG-REWRITE-FORCE-ALL without a file', [
    intended('debug-subcommands', /failed: Bad address/, 'DEBUG CONFIG-REWRITE-FORCE-ALL'),
  ]);

  const synapOnly = test.skipIf(target === 'redis');

  synapOnly('RELOAD takes a file whose checksum is wrong only when told to', async () => {
    const ask = async (...args: string[]) => textOf(await client.command(...args));
    const client = await RawClient.connect(servers()[1].port);
    const path = join(textOf(itemsOf(await client.command('CONFIG', 'GET', 'dir'))[1]), 'dump.rdb');
    await ask('SET', 'k', 'v');
    expect(await ask('SAVE')).toBe('OK');
    const file = readFileSync(path);
    file[file.length - 1] ^= 0xff;
    writeFileSync(path, file);
    expect(await ask('DEBUG', 'RELOAD', 'NOSAVE')).toMatch(
      /^ERR Error trying to load the RDB dump/,
    );
    await ask('DEBUG', 'SET-SKIP-CHECKSUM-VALIDATION', '1');
    expect(await ask('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
    expect(await ask('GET', 'k')).toBe('v');
    await ask('DEBUG', 'SET-SKIP-CHECKSUM-VALIDATION', '0');
    await client.close();
    rmSync(path);
  });

  synapOnly.for([
    ['STRINGMATCH-TEST', /^Apparently Redis did not crash: test passed$/],
    ['RESTART', /^ERR failed to restart the server/],
    ['CRASH-AND-RECOVER 10', /^ERR failed to restart the server/],
    ['CLUSTERLINK', /^ERR unknown subcommand/],
  ] as const)('%s', async ([line, answer]) => {
    const client = await RawClient.connect(servers()[1].port);
    const reply = textOf(await client.command('DEBUG', ...line.split(' ')));
    await client.close();
    expect(reply).toMatch(answer);
  });

  test.skipIf(target !== 'source').for(['SEGFAULT', 'PANIC', 'ASSERT', 'OOM'])(
    '%s does not end a program that the server is a part of',
    async (name) => {
      const client = await RawClient.connect(servers()[1].port);
      const reply = textOf(await client.command('DEBUG', name));
      await client.close();
      expect(reply).toMatch(/^ERR this server runs inside another program/);
    },
  );

  test('has the subcommands of Redis, but for those that are named', async () => {
    const [redis, synap] = await Promise.all(servers().map(({ port }) => subcommandsOf(port)));
    if (target === 'redis') return;
    expect(synap.filter((name) => !redis.includes(name))).toEqual(ADDED);
    expect(redis.filter((name) => !synap.includes(name))).toEqual(LEFT_OUT);
  });
});

/** The names that DEBUG HELP lists, each once, in their order. */
async function subcommandsOf(port: number): Promise<string[]> {
  const client = await RawClient.connect(port);
  const lines = itemsOf(await client.command('DEBUG', 'HELP')).map(textOf);
  await client.close();
  const names = lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split(' ')[0]);
  return [...new Set(names)].filter((name) => name !== 'DEBUG' && name !== 'HELP').sort();
}
