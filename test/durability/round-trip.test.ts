// Redis → Synap → Redis: data of every type and encoding that Synap has goes from one to the other and
// back, in every form in which Redis keeps it on disk, and is the same everywhere (DEBUG DIGEST).
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasRedis } from '../support/needs-redis.ts';
import { Random } from '../support/random.ts';
import { RawClient } from '../support/raw-client.ts';
import { isError, textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { byTier, isFullTier } from '../support/tier.ts';
import { Process } from './process.ts';
import { groupsText } from './stream-groups.ts';

const REPLY_TIMEOUT_MS = 30_000;
/** Between two questions: the server is to have time for what is waited for. */
const ASK_MS = 5;
const FAR_MS = 4_102_444_800_000;
const DATABASES = isFullTier ? ['0', '3', '15'] : ['0', '15'];
/** Those of them that are filled before the log begins anew. */
const EARLIER = DATABASES.slice(0, -1);
const LATER = DATABASES.slice(-1);
/** Elements of the longest lists, and repetitions in the longest string. */
const LONGEST = byTier(1500, 5000);
const MOST_WORDS = byTier(20_000, 80_000);
const FOLDER = 'appendonlydir';
const MANIFEST = 'appendonly.aof.manifest';

let directory: { path: string; remove(): void };
/** Where Redis made the data, and where Synap takes it over. */
let source: string;
let target: string;

beforeEach(() => {
  directory = temporaryDirectory();
  source = join(directory.path, 'redis');
  target = join(directory.path, 'synap');
  mkdirSync(source);
  mkdirSync(target);
});

afterEach(async () => {
  await Process.killAll();
  directory.remove();
});

const connect = (server: Process) => RawClient.connect(server.port, REPLY_TIMEOUT_MS);

/** Runs a command that must succeed. */
async function run(client: RawClient, ...words: (string | Buffer)[]): Promise<string> {
  const reply = await client.command(...words);
  if (isError(reply)) throw new Error(`${words[0]}: ${textOf(reply)}`);
  return textOf(reply);
}

/** The digest of everything, with the groups of streams, which are not in Redis's. */
async function digestOf(client: RawClient): Promise<string> {
  const parts = [await run(client, 'DEBUG', 'DIGEST')];
  for (const database of DATABASES) {
    await run(client, 'SELECT', database);
    for (const key of STREAMS) {
      const info = await client.command('XINFO', 'STREAM', key, 'FULL', 'COUNT', '0');
      if (info.items !== null) parts.push(groupsText(info, false));
    }
  }
  await run(client, 'SELECT', '0');
  return parts.join('\n');
}

/** Bytes of which none repeats for long, as text that can be compressed would. */
function binary(random: Random, bytes: number): Buffer {
  const words = Uint32Array.from({ length: Math.ceil(bytes / 4) }, () => random.next() * 2 ** 32);
  return Buffer.from(words.buffer, 0, bytes);
}

/** Strings in every encoding, and at its limits: integers, in the entry, beside it, huge. */
function strings(random: Random): (string | Buffer)[] {
  return [
    ...['', '0', '-1', '9999', '10000', '9223372036854775807', '-9223372036854775808'],
    ...['9223372036854775808', '007', '+5', '-0', '1.5', ' 1', 'a', '\x00', '\r\n'],
    ...['x'.repeat(44), 'x'.repeat(45), 'abc'.repeat(5000), 'x'.repeat(1 << 20)],
    ...[1, 44, 45, 300, 70_000, 1 << 20].map((bytes) => binary(random, bytes)),
    'what comes again and again, '.repeat(MOST_WORDS),
  ];
}

/** Elements of lists of every size. */
function lists(random: Random): (string | Buffer)[][] {
  const numbered = (count: number, suffix = '') =>
    Array.from({ length: count }, (_, i) => `${i}${suffix}`);
  return [
    strings(random).filter(({ length }) => length < 20_000),
    ...[1, 2, 127, 128, 129, 1000].map((count) => numbered(count)),
    ...[5, 500, LONGEST].map((count) => numbered(count, ' element')),
    numbered(300, 'y'.repeat(500)),
    numbered(20, 'z'.repeat(9000)),
    [...numbered(10), binary(random, 100_000), ...numbered(10), binary(random, 300_000), 'last'],
  ];
}

/** How Redis is to lay lists out: sizes of nodes, how many stay uncompressed, elements as nodes. */
const LAYOUTS = [
  { size: '-2', depth: '0', plain: '1gb' },
  { size: '-1', depth: '1', plain: '1gb' },
  { size: '4', depth: '2', plain: '300b' },
  { size: '1', depth: '1', plain: '100b' },
];

/** Streams: of many nodes, with entries of other fields, deleted ones and long ones, and one of groups alone. */
const STREAMS = ['stream:many', 'stream:mixed', 'stream:groups'];

async function fillStreams(client: RawClient, random: Random): Promise<void> {
  const [many, mixed, groups] = STREAMS;
  for (let i = 1; i <= LONGEST; i++)
    await run(client, 'XADD', many, `${i}-1`, 'n', `${i}`, 'm', 'x');
  await run(client, 'XTRIM', many, 'MAXLEN', `${LONGEST - 150}`);
  for (const [i, value] of strings(random).entries()) {
    await run(client, 'XADD', mixed, `${FAR_MS}-${i}`, `field ${i % 3}`, value, '', `${-i}`);
  }
  await run(client, 'XDEL', mixed, `${FAR_MS}-3`, `${FAR_MS}-5`);
  await run(client, 'XGROUP', 'CREATE', groups, 'empty', '7-7', 'MKSTREAM', 'ENTRIESREAD', '5');
  await run(client, 'XSETID', groups, '9-9', 'ENTRIESADDED', '12', 'MAXDELETEDID', '8-8');
  for (const key of [many, mixed]) {
    for (const group of ['g', 'binary \x00\xff']) {
      await run(client, 'XGROUP', 'CREATE', key, group, '0');
      for (const consumer of ['a', 'b']) {
        const head = ['XREADGROUP', 'GROUP', group, consumer, 'COUNT', '200'];
        await run(client, ...head, 'STREAMS', key, '>');
      }
      await run(client, 'XGROUP', 'CREATECONSUMER', key, group, 'idle');
    }
    await run(client, 'XAUTOCLAIM', key, 'g', 'c', '0', '0', 'COUNT', '5');
  }
}

/** Puts data into some databases of a server of Redis. */
async function fill(client: RawClient, databases: readonly string[], seed: number): Promise<void> {
  const random = new Random(seed);
  const expireSome = async (key: string, i: number) => {
    if (i % 3 === 0) await run(client, 'PEXPIREAT', key, String(FAR_MS + i));
  };
  for (const database of databases) {
    await run(client, 'SELECT', database);
    for (const [i, value] of strings(random).entries()) {
      await run(client, 'SET', `string:${i}`, value);
      await expireSome(`string:${i}`, i);
    }
    // Beside, though it is short.
    await run(client, 'APPEND', 'appended', 'a');
    await run(client, 'APPEND', 'appended', 'b');
    await run(client, 'INCRBYFLOAT', 'float', '3.1');
    await run(client, 'SET', binary(random, 300), 'a binary key');
    await run(client, 'SET', 'k'.repeat(70_000), 'a long key');
    await fillStreams(client, random);
    for (const [at, { size, depth, plain }] of LAYOUTS.entries()) {
      await run(client, 'CONFIG', 'SET', 'list-max-listpack-size', size);
      await run(client, 'CONFIG', 'SET', 'list-compress-depth', depth);
      await run(client, 'DEBUG', 'QUICKLIST-PACKED-THRESHOLD', plain);
      for (const [i, elements] of lists(random).entries()) {
        await run(client, 'RPUSH', `list:${at}:${i}`, ...elements);
        await expireSome(`list:${at}:${i}`, i);
      }
    }
  }
}

/** It is laid out as it should be, or some of it would never be read by Synap. */
async function checkLayouts(client: RawClient): Promise<void> {
  const encodings = ['string:1', 'string:13', 'appended', 'string:18', 'list:0:8'];
  const found: string[] = [];
  for (const key of encodings) found.push(await run(client, 'OBJECT', 'ENCODING', key));
  expect(found).toEqual(['int', 'embstr', 'raw', 'raw', 'quicklist']);
  expect(await run(client, 'DEBUG', 'OBJECT', 'list:1:9')).toContain('ql_compressed:1');
  // Of 300 nodes the first: not a packed one.
  const plain = (await client.command('DUMP', 'list:3:10')).payload;
  expect(plain?.subarray(0, 4)).toEqual(Buffer.from([18, 0x41, 0x2c, 1]));
}

/** Changes what `fill` has made. */
async function change(client: RawClient, word: string): Promise<void> {
  for (const database of DATABASES) {
    await run(client, 'SELECT', database);
    await run(client, 'APPEND', 'string:1', word);
    await run(client, 'SET', `new ${word}`, word, 'PXAT', String(FAR_MS));
    await run(client, 'PERSIST', 'string:3');
    await run(client, 'DEL', 'string:5', 'list:0:1');
    await changeStreams(client, word);
    await run(client, 'MULTI');
    for (let at = 0; at < LAYOUTS.length; at++) {
      await run(client, 'LPUSH', `list:${at}:0`, word, 'x'.repeat(20_000));
      await run(client, 'LTRIM', `list:${at}:6`, '3', '-4');
      await run(client, 'LSET', `list:${at}:4`, '64', word);
      await run(client, 'LINSERT', `list:${at}:8`, 'BEFORE', '100 element', word);
    }
    await run(client, 'EXEC');
  }
  await run(client, 'SELECT', '0');
}

async function changeStreams(client: RawClient, word: string): Promise<void> {
  const [many, mixed, groups] = STREAMS;
  await run(client, 'XADD', many, '*', 'n', word, 'm', 'x');
  await run(client, 'XADD', mixed, `${FAR_MS}-*`, word, 'x'.repeat(20_000));
  await run(client, 'XADD', groups, 'MAXLEN', '~', '2', '*', 'word', word);
  for (const key of [many, mixed]) {
    await run(client, 'XREADGROUP', 'GROUP', 'g', word, 'COUNT', '30', 'STREAMS', key, '>');
    const [pending] = (await client.command('XPENDING', key, 'g', '-', '+', '1')).items ?? [];
    const [id] = (pending.items ?? []).map(textOf);
    await run(client, 'XACK', key, 'g', id);
    await run(client, 'XDEL', key, id);
    await run(client, 'XAUTOCLAIM', key, 'g', 'c', '0', '0', 'COUNT', '7');
  }
}

/** Has the log begin anew. */
async function rewrite(client: RawClient): Promise<void> {
  await run(client, 'BGREWRITEAOF');
  let info: string;
  do {
    await sleep(ASK_MS);
    info = await run(client, 'INFO', 'persistence');
  } while (/^aof_rewrite_(in_progress|scheduled):1/m.test(info));
  expect(info).toMatch(/^aof_last_bgrewrite_status:ok/m);
}

/** What Redis has made, by whether its log begins with a snapshot: every test has a copy. */
const made = new Map<
  boolean,
  { directory: ReturnType<typeof temporaryDirectory>; digest: string }
>();

afterAll(() => {
  for (const { directory: kept } of made.values()) kept.remove();
});

/** Has Redis's data in `source`, made by it or copied from what it made before; returns the digest. */
async function makeWithRedis({ hasPreamble = true } = {}): Promise<string> {
  const known = made.get(hasPreamble);
  if (known !== undefined) {
    cpSync(known.directory.path, source, { recursive: true });
    return known.digest;
  }
  const digest = await fillRedis(hasPreamble);
  const kept = { directory: temporaryDirectory(), digest };
  made.set(hasPreamble, kept);
  cpSync(source, kept.directory.path, { recursive: true });
  return digest;
}

/** Makes the data with Redis, a part of it before its log begins anew; returns the digest. */
async function fillRedis(hasPreamble: boolean): Promise<string> {
  const redis = await Process.startRedis(source);
  const client = await connect(redis);
  await run(client, 'CONFIG', 'SET', 'aof-use-rdb-preamble', hasPreamble ? 'yes' : 'no');
  await fill(client, EARLIER, 1);
  await rewrite(client);
  await fill(client, LATER, 2);
  await checkLayouts(client);
  await change(client, 'redis');
  const digest = await digestOf(client);
  await run(client, 'SAVE');
  await client.close();
  await redis.stop();
  return digest;
}

/** What there is in Redis's directory for its log. */
const files = () => readdirSync(join(source, FOLDER)).sort();

function accepted(program: string, path: string, saying: string): void {
  const { stdout, stderr } = spawnSync(program, [path], { encoding: 'latin1' });
  expect(stdout + stderr).toContain(saying);
}

const LOG_IS_VALID = 'All AOF files and manifest are valid';
const SNAPSHOT_IS_VALID = 'RDB looks OK';

/** Starts Synap on its directory, has it change the data, and Redis go on with what it wrote. */
async function throughSynap(digest: string): Promise<void> {
  const synap = await Process.start(target);
  const client = await connect(synap);
  expect(await digestOf(client)).toBe(digest);
  await change(client, 'before');
  await rewrite(client);
  await change(client, 'after');
  const changed = await digestOf(client);
  expect(changed).not.toBe(digest);
  await run(client, 'BGSAVE');
  while (!/^rdb_bgsave_in_progress:0/m.test(await run(client, 'INFO', 'persistence')))
    await sleep(ASK_MS);
  await client.close();
  await synap.stop();

  const again = await Process.start(target);
  const reader = await connect(again);
  expect(await digestOf(reader)).toBe(changed);
  await reader.close();
  await again.stop();

  accepted('redis-check-aof', join(target, FOLDER, MANIFEST), LOG_IS_VALID);
  const bases = readdirSync(join(target, FOLDER)).filter((name) => name.endsWith('.base.rdb'));
  expect(bases.length).toBeGreaterThan(0);
  for (const name of bases)
    accepted('redis-check-rdb', join(target, FOLDER, name), SNAPSHOT_IS_VALID);
  accepted('redis-check-rdb', join(target, 'dump.rdb'), SNAPSHOT_IS_VALID);

  const redis = await Process.startRedis(target);
  const last = await connect(redis);
  expect(await digestOf(last)).toBe(changed);
  await run(last, 'FLUSHALL');
  await run(last, 'DEBUG', 'RELOAD', 'NOSAVE');
  expect(await digestOf(last)).toBe(changed);
  await last.close();
  await redis.stop();
}

describe.skipIf(!hasRedis)('data of Redis goes through Synap and back', () => {
  const TIMEOUT_MS = 120_000;

  test(
    'by its snapshot',
    async () => {
      const digest = await makeWithRedis();
      copyFileSync(join(source, 'dump.rdb'), join(target, 'dump.rdb'));
      const options = ['--appendonly', 'no'];
      const synap = await Process.start(target, options);
      const client = await connect(synap);
      expect(await digestOf(client)).toBe(digest);
      await client.close();
      await synap.stop();
      await throughSynap(digest);
    },
    TIMEOUT_MS,
  );

  test.each([
    ['a snapshot', true, 'rdb'],
    ['commands', false, 'aof'],
  ])(
    'by its log that begins with %s',
    async (_, hasPreamble, extension) => {
      const digest = await makeWithRedis({ hasPreamble });
      expect(files().filter((name) => name.endsWith(`.base.${extension}`))).toHaveLength(1);
      cpSync(join(source, FOLDER), join(target, FOLDER), { recursive: true });
      await throughSynap(digest);
    },
    TIMEOUT_MS,
  );

  test.each([
    ['a snapshot', true],
    ['commands', false],
  ])(
    'by the one file of older versions, beginning with %s',
    async (_, hasPreamble) => {
      const digest = await makeWithRedis({ hasPreamble });
      const [base, ...increments] = files().filter((name) => name !== MANIFEST);
      const parts = [base, ...increments].map((name) => readFileSync(join(source, FOLDER, name)));
      expect(parts[0].subarray(0, 5).toString() === 'REDIS').toBe(hasPreamble);
      expect(parts.length).toBeGreaterThan(1);
      writeFileSync(join(target, 'appendonly.aof'), Buffer.concat(parts));
      await throughSynap(digest);
    },
    TIMEOUT_MS,
  );
});
