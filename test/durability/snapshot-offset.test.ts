// A snapshot with which the log begins anew is of one offset, whatever is written meanwhile: loaded by
// itself it gives the same data as the older snapshot and the log from there to that offset.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  formatManifest,
  type Manifest,
  parseManifest,
} from '../../src/persistence/segments/manifest.ts';
import { Random } from '../support/random.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { byTier } from '../support/tier.ts';
import { Process } from './process.ts';

const SEED = Number(process.env.SYNAP_SEED ?? Date.now() % 1_000_000);
const KEYS = byTier(10_000, 40_000);
/** Values of which only a part is saved at a time. */
const LARGE_KEYS = 6;
const LARGE_BYTES = 400_000;
const LONG_LENGTH = 20_000;
const ROUNDS = byTier(1, 2);
const WRITERS = 4;
const BATCH = 30;
/** What expires does so within this time. */
const LONGEST_MS = 500;
const REPLY_TIMEOUT_MS = 30_000;
/** Between two questions: the server is to have time for what is waited for. */
const ASK_MS = 5;
const MANIFEST = 'appendonly.aof.manifest';
const FOLDER = 'appendonlydir';

let directory: { path: string; remove(): void };

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(async () => {
  await Process.killAll();
  directory.remove();
});

const connect = (server: Process) => RawClient.connect(server.port, REPLY_TIMEOUT_MS);

async function ask(client: RawClient, ...words: string[]): Promise<string> {
  return textOf(await client.command(...words));
}

/** Commands of every way in which keys come, change and go. */
function randomCommand(random: Random): string[] {
  const key = () => `key:${random.integer(0, KEYS - 1)}`;
  const list = () => `list:${random.integer(0, 20)}`;
  const large = () => `large:${random.integer(0, LARGE_KEYS - 1)}`;
  const long = () => `long:${random.integer(0, LARGE_KEYS - 1)}`;
  const value = () => 'v'.repeat(random.integer(0, 60)) + String(random.integer(0, 1e6));
  const makers: (() => string[])[] = [
    () => ['SET', key(), value()],
    () => ['SET', key(), value(), 'PX', String(random.integer(1, LONGEST_MS))],
    () => ['APPEND', key(), value()],
    () => ['DEL', key(), key()],
    () => ['PEXPIRE', key(), String(random.integer(1, LONGEST_MS))],
    () => ['PERSIST', key()],
    () => ['RENAME', key(), key()],
    () => ['COPY', key(), key(), 'REPLACE'],
    () => ['MOVE', key(), '1'],
    () => ['INCR', `counter:${random.integer(0, 9)}`],
    () => ['RPUSH', list(), value(), value(), value()],
    () => ['LPUSH', list(), value()],
    () => ['LPOP', list(), '2'],
    () => ['LMOVE', list(), list(), 'LEFT', 'RIGHT'],
    () => ['LSET', list(), '0', value()],
    () => ['LINSERT', list(), 'BEFORE', value(), value()],
    () => ['LTRIM', list(), '0', '200'],
    // What is saved in many steps.
    () => ['SETRANGE', large(), String(random.integer(0, LARGE_BYTES)), value()],
    () => ['APPEND', large(), value()],
    () => ['RENAME', large(), large()],
    () => ['LSET', long(), String(random.integer(0, LONG_LENGTH - 1)), value()],
    () => ['RPUSH', long(), value(), value()],
    () => ['LPOP', long(), '2'],
  ];
  if (random.chance(0.002)) return ['SET', large(), 'v'.repeat(LARGE_BYTES)];
  if (random.chance(0.002)) return ['SWAPDB', '0', '1'];
  if (random.chance(0.001)) return ['FLUSHDB', 'ASYNC'];
  return random.pick(makers)();
}

/** Clients that write until they are stopped. */
class Writers {
  written = 0;
  #isStopped = false;
  readonly #running: Promise<void>[];

  constructor(server: Process, random: Random) {
    this.#running = Array.from({ length: WRITERS }, () => this.#write(server, random));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running);
  }

  async #write(server: Process, random: Random): Promise<void> {
    const client = await connect(server);
    while (!this.#isStopped) {
      const isTransaction = random.chance(0.2);
      if (isTransaction) client.sendCommand(['MULTI']);
      for (let i = 0; i < BATCH; i++) client.sendCommand(randomCommand(random));
      if (isTransaction) client.sendCommand(['EXEC']);
      await client.read(BATCH + (isTransaction ? 2 : 0));
      this.written += BATCH;
    }
    await client.close();
  }
}

/** The digest of what a server loads from the log's files with another manifest. */
async function digestWith(manifest: Manifest, name: string): Promise<string> {
  const copy = join(directory.path, name);
  cpSync(join(directory.path, 'data', FOLDER), join(copy, FOLDER), { recursive: true });
  writeFileSync(join(copy, FOLDER, MANIFEST), formatManifest(manifest), 'latin1');
  const server = await Process.start(copy);
  const client = await connect(server);
  const digest = await ask(client, 'DEBUG', 'DIGEST');
  await client.close();
  await server.kill();
  return digest;
}

async function rewrite(client: RawClient): Promise<void> {
  expect(await ask(client, 'BGREWRITEAOF')).toMatch(/rewriting started$/);
  let info: string;
  do {
    await sleep(ASK_MS);
    info = await ask(client, 'INFO', 'persistence');
  } while (!/^aof_rewrite_in_progress:0/m.test(info));
  expect(info).toMatch(/^aof_last_bgrewrite_status:ok/m);
}

test.each(['no', 'yes'])(
  `a snapshot equals the log to its offset, seed ${SEED}, compression %s`,
  async (compression) => {
    const data = join(directory.path, 'data');
    mkdirSync(data);
    const options = ['--snapshot-max-count', '2', '--snapshot-compression', compression];
    const server = await Process.start(data, [...options, '--auto-aof-rewrite-percentage', '0']);
    const client = await connect(server);
    for (let first = 0; first < KEYS; first += 1000) {
      const pairs = Array.from({ length: 1000 }, (_, i) => [`key:${first + i}`, `value ${i}`]);
      await ask(client, 'MSET', ...pairs.flat());
    }
    for (let i = 0; i < LARGE_KEYS; i++) {
      await ask(client, 'SETRANGE', `large:${i}`, String(LARGE_BYTES), 'end');
      const elements = Array.from({ length: LONG_LENGTH }, (_, k) => `element ${k}`);
      await ask(client, 'RPUSH', `long:${i}`, ...elements);
    }
    await rewrite(client);
    const random = new Random(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      const writers = new Writers(server, random);
      while (writers.written < 5 * WRITERS * BATCH) await ask(client, 'PING');
      const before = writers.written;
      await rewrite(client);
      const during = writers.written - before;
      await writers.stop();
      // What is still to expire would be in the data that is loaded first, and not in the other.
      await sleep(LONGEST_MS);
      expect(during).toBeGreaterThan(WRITERS * BATCH);

      const manifest = parseManifest(readFileSync(join(data, FOLDER, MANIFEST), 'latin1'));
      const { bases, keptSegments } = manifest;
      expect(bases).toHaveLength(2);
      const none = { keptSegments: [], segments: [] };
      const snapshot = await digestWith({ ...manifest, ...none, bases: [bases[1]] }, `s${round}`);
      const log = { ...manifest, ...none, bases: [bases[0]], segments: keptSegments };
      expect(await digestWith(log, `l${round}`)).toBe(snapshot);
      // It is not that nothing has changed.
      expect(await digestWith({ ...log, segments: [] }, `b${round}`)).not.toBe(snapshot);
    }
    await client.close();
  },
  180_000,
);
