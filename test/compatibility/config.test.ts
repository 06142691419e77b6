// CONFIG: every directive of Redis with its default, and what each one accepts and refuses.

import { expect, test } from 'vitest';
import { words } from '../support/command-line.ts';
import { unordered } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { RawClient } from '../support/raw-client.ts';
import { itemsOf, textOf } from '../support/reply-frames.ts';
import { compared, intended } from '../support/script.ts';
import { directivesAccepted } from './differences.ts';

/** Directives whose values tell of this one process. */
const OWN_VALUES = new Set(['port', 'dir', 'pidfile', 'server_cpulist', 'bio_cpulist']);

/** Directives that are not set in the sweep below: they would cut off or endanger the test. */
const NOT_SET = new Set([
  'appendonly', // writes files
  'bind', // moves the listener
  'bind-source-addr',
  'dir', // leaves the test's own directory
  'maxclients', // 1 would lock the test out
  'oom-score-adj', // touches the operating system
  'oom-score-adj-values',
  'port',
  'proc-title-template',
  'save',
  'slaveof',
  'tls-port',
  'watchdog-period', // delivers signals
]);

/** Nothing from 2^64 on, where Redis wraps around. */
const SWEEP_VALUES = [
  ...words(`
    0 1 -1 2 10 100 1000 65536 1.5 101 5000 yes no YES on abc 10% -5% 101% 1k 1kb 2mb 1gb -1mb 1tb
    2147483647 2147483648 9223372036854775807 9223372036854775808
    debug notice allkeys-lru always KEA local
  `),
  ...['', '1 2', 'normal 1 2 3'],
];

compareWithRedis('CONFIG', (define, servers) => {
  define('GET', [
    `
      CONFIG GET maxmemory
      config get MAXMEMORY
      CONFIG GET bogus
      CONFIG GET ""
      CONFIG GET maxmemory maxmemory
      CONFIG GET maxmemory MaxMemory
      CONFIG GET
      CONFIG
    `,
    compared(
      unordered,
      `
        CONFIG GET maxmemory*
        CONFIG GET *-ziplist-*
        CONFIG GET [hz]*-max-*-entries*
        CONFIG GET save hz databases
        CONFIG GET hz bogus h?
        CONFIG GET [hs]*z*
        CONFIG GET *zip* *_cpulist
        CONFIG GET replica-priority slave-priority
        CONFIG GET client-output-buffer-limit
        CONFIG GET enable-*
      `,
    ),
  ]);

  define('SET with NUL bytes', [
    intended(
      'nul-in-settings',
      /'bind'\) - argument must not contain NUL bytes\r\n$/,
      String.raw`CONFIG SET bind "127.0.0.1\x00x"`,
    ),
    intended(
      'nul-in-settings',
      /'proc-title-template'\) - argument must not contain NUL bytes\r\n$/,
      String.raw`CONFIG SET proc-title-template "{title}\x00x"`,
    ),
    'CONFIG SET proc-title-template "{title} {listen-addr} {server-mode}"',
    'CONFIG GET bind',
  ]);

  define('SET with long values', [
    `CONFIG SET masteruser ${'u'.repeat(65_536)}`,
    'CONFIG GET masteruser',
    intended(
      'long-settings',
      /^-ERR CONFIG SET failed \(possibly related to argument 'masteruser'\) - value is longer than 65536 bytes\r\n$/,
      `CONFIG SET hz 20 masteruser ${'v'.repeat(65_537)}`,
    ),
    intended('long-settings', /'hz'\) - value is longer/, `CONFIG SET hz ${'1'.repeat(70_000)}`),
    'CONFIG SET masteruser "" hz 10',
    'CONFIG GET masteruser',
  ]);

  define('SET', [
    `
      CONFIG SET hz 20
      CONFIG GET hz
      CONFIG SET HZ 30
      CONFIG GET hz
      CONFIG SET hz 50 maxmemory-samples 7
      CONFIG GET maxmemory-samples
      CONFIG SET hz 60 bogus 1
      CONFIG SET bogus 1 hz 60
      CONFIG SET hz 60 maxmemory-samples abc
      CONFIG SET hz abc maxmemory-samples 8
      CONFIG SET hz 60 hz 70
      CONFIG SET hz 60 HZ 70
      CONFIG SET replica-priority 5 slave-priority 6
      CONFIG SET hz 60 databases 4
      CONFIG SET databases 4
      CONFIG SET hz
      CONFIG SET hz 60 maxmemory-samples
      CONFIG SET
      CONFIG SET bogus 1
      CONFIG SET "bogus again" 1
      CONFIG SET "" ""
      CONFIG SET slave-priority 42
      CONFIG GET replica-priority
      CONFIG SET maxmemory 100mb
      CONFIG GET maxmemory
      CONFIG SET maxmemory 0
      CONFIG GET maxmemory-samples
      CONFIG SET client-output-buffer-limit "normal 1mb 2mb 60"
      CONFIG GET client-output-buffer-limit
      CONFIG SET client-output-buffer-limit "pubsub 1 2 3 replica 4 5 6"
      CONFIG GET client-output-buffer-limit
      CONFIG SET client-output-buffer-limit "slave 4 5 7"
      CONFIG GET client-output-buffer-limit
      CONFIG SET client-output-buffer-limit "master 1 2 3"
      CONFIG SET client-output-buffer-limit "bogus 1 2 3"
      CONFIG SET client-output-buffer-limit "normal 1 2"
      CONFIG SET client-output-buffer-limit "normal a 2 3"
      CONFIG SET client-output-buffer-limit "normal -1 2 3"
      CONFIG SET client-output-buffer-limit ""
      CONFIG SET notify-keyspace-events KEA
      CONFIG GET notify-keyspace-events
      CONFIG SET notify-keyspace-events Kg$
      CONFIG GET notify-keyspace-events
      CONFIG SET notify-keyspace-events ""
      CONFIG SET save "900 1 300 10"
      CONFIG GET save
      CONFIG SET save "900"
      CONFIG SET save "0 1"
      CONFIG SET save "a b"
      CONFIG SET save ""
      CONFIG GET save
    `,
  ]);

  define('RESETSTAT, REWRITE, HELP', [
    'CONFIG RESETSTAT\nCONFIG RESETSTAT x\nCONFIG HELP\nCONFIG HELP x\nCONFIG REWRITE x\nCONFIG bogus',
  ]);

  test('knows every directive of Redis, with its default', async () => {
    const [redis, synap] = await Promise.all(servers().map(({ port }) => readDirectives(port)));
    expect(redis.size).toBeGreaterThan(180);
    for (const name of OWN_VALUES) redis.delete(name);
    const known = [...redis.keys()].map((name) => [name, synap.get(name)]);
    expect(known).toEqual([...redis]);
  });

  test('sets and refuses values as Redis does', async () => {
    const clients = await Promise.all(servers().map(({ port }) => RawClient.connect(port)));
    const directives = await readDirectives(servers()[0].port);
    const withoutEffect = new Set(directivesAccepted.flatMap(({ names }) => names));
    const differences: string[] = [];
    let refused = 0;
    for (const [name, initial] of directives) {
      if (NOT_SET.has(name) || withoutEffect.has(name)) continue;
      for (const value of SWEEP_VALUES) {
        const [expected, actual] = await Promise.all(
          clients.map((client) => tryValue(client, name, value, initial)),
        );
        if (!expected.startsWith('OK')) refused++;
        // Redis 7.2 has added the last of these.
        if (expected.replace('notice, warning,', 'notice, warning, nothing,') === actual) continue;
        differences.push(`CONFIG SET ${name} "${value}"\n  redis ${expected}\n  synap ${actual}`);
      }
    }
    await Promise.all(clients.map((client) => client.close()));
    expect(refused).toBeGreaterThan(2_000);
    expect(differences).toEqual([]);
  });
});

/** Sets a directive, tells in words what came of it, and sets it back to `initial`. */
async function tryValue(
  client: RawClient,
  name: string,
  value: string,
  initial: string,
): Promise<string> {
  client.sendCommand(['CONFIG', 'SET', name, value]);
  client.sendCommand(['CONFIG', 'GET', name]);
  client.sendCommand(['CONFIG', 'SET', name, initial]);
  const [set, read] = (await client.read(3)).replies;
  return `${textOf(set)}, is now ${JSON.stringify(itemsOf(read).map(textOf)[1])}`;
}

async function readDirectives(port: number): Promise<Map<string, string>> {
  const client = await RawClient.connect(port);
  const texts = itemsOf(await client.command('CONFIG', 'GET', '*')).map(textOf);
  await client.close();
  const pairs = texts.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, texts[index + 1]]] : [],
  );
  return new Map(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}
