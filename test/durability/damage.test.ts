// Damaged logs, through the recovery of a server: what it holds afterwards is what it held after some
// whole group, or it does not start and names the file. Never anything else. (What is said of which
// damage, and torn ends, file by file: test/persistence/recovery/damage.test.ts.)
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOfDatabases } from '../../src/commands/debug/digest.ts';
import { families } from '../../src/commands/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { CommandTable } from '../../src/core/command-table.ts';
import { Replay } from '../../src/dispatch/replay.ts';
import { startServer } from '../../src/index.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { loadLog } from '../../src/persistence/log/log-loading.ts';
import { Server } from '../../src/server/server.ts';
import { Random } from '../support/random.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { byTier } from '../support/tier.ts';

const SEED = Number(process.env.SYNAP_SEED ?? Date.now() % 1_000_000);
/** Cutting at every byte takes a time that grows with its square; in reduced rounds it is cut at some bytes. */
const GROUPS = byTier(30, 200);
const LONGEST_STEP = byTier(6, 1);
const FLIPS = byTier(100, 1_000);
const TIMEOUT_MS = 300_000;
const FAR_MS = 4_102_444_800_000;
const MANIFEST = 'appendonly.aof.manifest';
const MEMORY = '/dev/shm';
const FOLDER = 'appendonlydir';
const ANY_FILE = /appendonly\.aof\.(manifest|\d+\.incr\.aof|\d+\.base\.rdb)/;

/** What a server held, and how long the segment that it wrote was, after each group. */
interface History {
  readonly digests: string[];
  readonly sizes: number[];
}

/** Each changes the data, to what it never was before; short ones, as they are read so often. */
function commandsAt(i: number): string[][] {
  const kinds = [
    [['SET', `k${i % 7}`, `v${i}`]],
    [['RPUSH', 'list', `${i}`, 'x'.repeat(i % 50)]],
    [['SET', 'gone', `${i}`, 'PXAT', `${FAR_MS}`]],
    [['LPOP', 'list']],
    [['APPEND', 'a', `${i},`]],
    [['MULTI'], ['INCR', 'n'], ['INCR', 'm'], ['EXEC']],
    [['DEL', 'gone']],
  ];
  return kinds[i % kinds.length];
}

/** Writes a log with a server; groups from `unsyncedFrom` on are not known to be on disk. */
async function write(
  dir: string,
  { groups, rewriteAt = [] }: { groups: number; rewriteAt?: number[] },
  unsyncedFrom = groups,
): Promise<History> {
  const server = await startServer({
    ...{ port: 0, dir, appendonly: 'yes', appendfsync: 'always', 'enable-debug-command': 'yes' },
    ...{ 'fsync-interval-ms': 60_000, 'snapshot-max-count': 2 },
  });
  const client = await RawClient.connect(server.port);
  const ask = async (...words: string[]) => textOf(await client.command(...words));
  const history: History = { digests: [], sizes: [] };
  const note = async () => {
    history.digests.push(await ask('DEBUG', 'DIGEST'));
    history.sizes.push(Math.max(...segmentsOf(dir).map((name) => read(dir, name).length)));
  };
  await note();
  for (let i = 0; i < groups; i++) {
    if (i === unsyncedFrom) await ask('CONFIG', 'SET', 'appendfsync', 'everysec');
    if (rewriteAt.includes(i)) {
      await ask('BGREWRITEAOF');
      while (!/^aof_rewrite_in_progress:0/m.test(await ask('INFO', 'persistence')));
    }
    for (const command of commandsAt(i)) await ask(...command);
    await note();
  }
  await client.close();
  await server.close();
  expect(new Set(history.digests).size).toBe(groups + 1);
  return history;
}

const read = (dir: string, name: string) => readFileSync(join(dir, FOLDER, name));

const segmentsOf = (dir: string) =>
  readdirSync(join(dir, FOLDER)).filter((name) => name.endsWith('.incr.aof'));

/** A log of which copies are damaged, and a server that recovers from them, again and again. */
class Patient {
  readonly names: readonly string[];
  readonly files: ReadonlyMap<string, Buffer>;
  readonly #folder: string;
  readonly #server: Server;
  readonly #digests: readonly string[];

  constructor(dir: string, { digests }: History) {
    this.#digests = digests;
    this.#folder = join(dir, FOLDER);
    this.names = readdirSync(this.#folder);
    this.files = new Map(this.names.map((name) => [name, read(dir, name)]));
    const config = loadConfig({
      settings: [
        { name: 'dir', words: [dirname(this.#folder)], origin: 'test' },
        { name: 'databases', words: ['1'], origin: 'test' },
      ],
    });
    this.#server = new Server({
      ...{ config, log: silentLogger(), version: '0', commands: new CommandTable(families) },
    });
  }

  close(): Promise<void> {
    return this.#server.shutdown.close();
  }

  bytesOf(name: string): Buffer {
    const bytes = this.files.get(name);
    if (bytes === undefined) throw new Error(`there is no ${name}`);
    return bytes;
  }

  /**
   * Recovers from the log with another file in it, and makes it whole again.
   * @returns after which group the data was as it is, or why it was not recovered
   */
  async recover(name: string, bytes: Buffer): Promise<number | string> {
    writeFileSync(join(this.#folder, name), bytes);
    try {
      await this.#load();
      const group = this.#digests.indexOf(digestOfDatabases(this.#server.keyspace));
      if (group < 0) throw new WrongData(`${name}: the data is of no whole group`);
      return group;
    } catch (error) {
      if (error instanceof WrongData || !(error instanceof Error)) throw error;
      expect(error.message).toMatch(ANY_FILE);
      return error.message;
    } finally {
      this.#server.keyspace.reclaim(Number.POSITIVE_INFINITY);
      this.#restore();
    }
  }

  /** As a server does at its start. */
  async #load(): Promise<void> {
    const server = this.#server;
    const { keyspace, log, config } = server;
    const { values } = config;
    keyspace.flush();
    const replay = new Replay(server);
    const host = { log, keyspace, values, isReadOnly: false, onProgress: () => {} };
    const dataPath = dirname(this.#folder);
    await loadLog(host, { path: this.#folder, baseName: 'appendonly.aof', dataPath }, replay);
  }

  /** The same with a bit flipped. */
  flip(name: string, bit: number): Promise<number | string> {
    const bytes = Buffer.from(this.bytesOf(name));
    bytes[bit >> 3] ^= 1 << (bit & 7);
    return this.recover(name, bytes);
  }

  #restore(): void {
    for (const [name, bytes] of this.files) writeFileSync(join(this.#folder, name), bytes);
    for (const other of readdirSync(this.#folder)) {
      if (this.files.has(other)) continue;
      // What is cut, and what is of no use, is kept beside the log.
      expect(other).toMatch(/\.torn-|\.damaged|\.dropped/);
      rmSync(join(this.#folder, other));
    }
  }
}

/** In memory where that is possible, as each of so many recoveries syncs files. */
function quickDirectory(): { path: string; remove(): void } {
  if (!existsSync(MEMORY)) return temporaryDirectory();
  const path = mkdtempSync(join(MEMORY, 'synap-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

class WrongData extends Error {}

/** Some bits of a file, or all of them where these are fewer. */
function bitsOf(random: Random, bytes: Buffer, count: number): number[] {
  const bits = bytes.length * 8;
  if (bits <= count) return Array.from({ length: bits }, (_, bit) => bit);
  return Array.from({ length: count }, () => random.integer(0, bits - 1));
}

describe(`a log of ${GROUPS} groups, seed ${SEED}`, () => {
  const SEGMENT = 'appendonly.aof.1.incr.aof';
  const directory = quickDirectory();
  let history: History;
  let patient: Patient;

  beforeAll(async () => {
    history = await write(directory.path, { groups: GROUPS }, GROUPS / 2);
    patient = new Patient(directory.path, history);
  });

  afterAll(async () => {
    await patient.close();
    directory.remove();
  });

  test(
    'cut at every byte (in reduced rounds at some) holds what it held after the last whole group',
    async () => {
      const random = new Random(SEED);
      const bytes = patient.bytesOf(SEGMENT);
      expect(history.sizes.at(-1)).toBe(bytes.length);
      let group = GROUPS;

      for (let cut = bytes.length; cut >= 0; cut -= random.integer(1, LONGEST_STEP)) {
        while (cut < history.sizes[group]) group--;
        expect([cut, await patient.recover(SEGMENT, bytes.subarray(0, cut))]).toEqual([cut, group]);
      }
      expect(group).toBe(0);
    },
    TIMEOUT_MS,
  );

  test(
    `with one of ${FLIPS} bits flipped is cut or refused`,
    async () => {
      const random = new Random(SEED);
      const total = patient.bytesOf(SEGMENT).length + patient.bytesOf(MANIFEST).length;
      const outcomes = { cut: 0, refused: 0 };
      for (let i = 0; i < FLIPS; i++) {
        const bit = random.integer(0, total * 8 - 1);
        const bitInManifest = bit - patient.bytesOf(SEGMENT).length * 8;
        const isInManifest = bitInManifest >= 0;
        const outcome = isInManifest
          ? await patient.flip(MANIFEST, bitInManifest)
          : await patient.flip(SEGMENT, bit);
        // No flip goes unnoticed, and none in what was on disk for sure costs a group.
        const flipped = history.sizes.findLastIndex((size) => size * 8 <= bit);
        expect([bit, outcome]).not.toEqual([bit, GROUPS]);
        if (typeof outcome === 'string') outcomes.refused++;
        else {
          expect([bit, outcome]).toEqual([bit, flipped]);
          expect(isInManifest).toBe(false);
          expect(outcome).toBeGreaterThanOrEqual(GROUPS / 2 - 1);
          outcomes.cut++;
        }
      }
      console.log(`${FLIPS} flips, seed ${SEED}:`, outcomes);
      expect(outcomes.cut).toBeGreaterThan(FLIPS / 5);
      expect(outcomes.refused).toBeGreaterThan(FLIPS / 5);
    },
    TIMEOUT_MS,
  );
});

describe(`a log with two generations, seed ${SEED}`, () => {
  const REWRITES = [40, 80];
  const LAST = 120;
  const FLIPS_OF_A_FILE = byTier(30, 300);
  const directory = quickDirectory();
  const random = new Random(SEED);
  let patient: Patient;

  beforeAll(async () => {
    const history = await write(directory.path, { groups: LAST, rewriteAt: REWRITES });
    patient = new Patient(directory.path, history);
    expect([...patient.names].sort()).toEqual([
      ...['appendonly.aof.1.base.rdb', 'appendonly.aof.2.base.rdb'],
      ...['appendonly.aof.2.incr.aof', 'appendonly.aof.3.incr.aof', MANIFEST],
    ]);
  });

  afterAll(async () => {
    await patient.close();
    directory.remove();
  });

  /** Flips bits of a file one after another; hands over what came of each. */
  async function flipBits(name: string, check: (outcome: number | string) => void): Promise<void> {
    for (const bit of bitsOf(random, patient.bytesOf(name), FLIPS_OF_A_FILE)) {
      const outcome = await patient.flip(name, bit);
      try {
        check(outcome);
      } catch (error) {
        throw new Error(`${name}, bit ${bit}`, { cause: error });
      }
    }
  }

  test.each([
    'appendonly.aof.1.base.rdb',
    'appendonly.aof.2.base.rdb',
    'appendonly.aof.2.incr.aof',
  ])(
    'holds everything whatever bit of %s is flipped',
    async (name) => {
      await flipBits(name, (outcome) => expect(outcome).toBe(LAST));
      expect(await patient.recover(name, Buffer.alloc(0))).toBe(LAST);
    },
    TIMEOUT_MS,
  );

  test(
    'holds a whole group behind the newest snapshot, or is refused, if its segment is damaged',
    async () => {
      await flipBits('appendonly.aof.3.incr.aof', (outcome) => {
        if (typeof outcome === 'string') expect(outcome).toContain('appendonly.aof.3.incr.aof');
        else {
          expect(outcome).toBeGreaterThanOrEqual(REWRITES[1]);
          expect(outcome).toBeLessThan(LAST);
        }
      });
    },
    TIMEOUT_MS,
  );

  test(
    'is refused whatever bit of the manifest is flipped',
    async () => {
      await flipBits(MANIFEST, (outcome) => expect(outcome).toContain(MANIFEST));
    },
    TIMEOUT_MS,
  );
});
