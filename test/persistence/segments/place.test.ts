// A log whose files are deleted, moved away, replaced or written to by somebody else while it is open: no
// error comes from writing or syncing, yet nothing is called safe, and when it is back, all is there.
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../../../src/persistence/segments/log.ts';
import { LostLogError } from '../../../src/persistence/segments/lost-log-error.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { until } from '../../support/until.ts';
import { append, command, digest, newLog, readLog } from '../logs.ts';

const FIRST = 'appendonly.aof.1.incr.aof';

let directory: { path: string; remove(): void };
let path: string;
let log: Log;
let told: string[];
const [a, b, c] = ['a', 'b', 'c'].map((key) => command('SET', key, 'v'.repeat(20)));
const listeners = {
  onFailure: () => void told.push('failed'),
  onRecovered: () => void told.push('recovered'),
};

beforeEach(async () => {
  directory = temporaryDirectory();
  path = join(directory.path, 'log');
  told = [];
  log = await newLog(path, listeners);
  append(log, a);
  await log.flush();
});

afterEach(async () => {
  await log.close().catch(() => undefined);
  directory.remove();
});

const first = () => join(path, FIRST);
const aside = () => join(directory.path, 'aside');

/** How it is lost, what is said, and how it comes back, if it can. */
const losses: Readonly<
  Record<string, { lose(): void; says: RegExp; undo?: () => void; isFile?: boolean }>
> = {
  'the directory is deleted': {
    lose: () => rmSync(path, { recursive: true }),
    says: /is gone/,
  },
  'the directory is renamed': {
    lose: () => renameSync(path, aside()),
    says: /is gone/,
    undo: () => renameSync(aside(), path),
  },
  'a directory above it is renamed': {
    lose: () => renameSync(directory.path, `${directory.path}-else`),
    says: /is gone/,
    undo: () => renameSync(`${directory.path}-else`, directory.path),
  },
  'the directory is replaced by a copy': {
    lose() {
      renameSync(path, aside());
      cpSync(aside(), path, { recursive: true });
    },
    // The copy has all that was there, until something is written that it does not get.
    says: /has \d+ bytes and not \d+/,
    undo() {
      rmSync(path, { recursive: true });
      renameSync(aside(), path);
    },
  },
  'the file is deleted': { lose: () => unlinkSync(first()), says: /is gone/ },
  'the file is replaced by one of the same size': {
    lose() {
      renameSync(first(), aside());
      const { length } = readFileSync(aside());
      // The size that it will have when `b` was written.
      writeFileSync(first(), Buffer.alloc(length + length - a.length + b.length));
    },
    says: /is another one by now|has \d+ bytes/,
    undo: () => renameSync(aside(), first()),
  },
  'the file is cut': {
    lose: () => truncateSync(first(), 10),
    says: /has \d+ bytes and not \d+: somebody else changes it/,
  },
  'somebody else writes to it': {
    lose: () => appendFileSync(first(), 'x'),
    says: /has \d+ bytes and not \d+: somebody else changes it/,
    undo() {
      // Both writers append: nothing of either is written over.
      const bytes = readFileSync(first());
      const own = Buffer.from(bytes.filter((byte) => byte !== 'x'.charCodeAt(0)));
      expect(own.length).toBe(bytes.length - 1);
      writeFileSync(first(), own);
    },
  },
};

describe.each(Object.keys(losses))('%s', (name) => {
  const { lose, says, undo } = losses[name];

  test('what is written then is not called safe', async () => {
    lose();
    expect(append(log, b)).toBe(true);
    await until(() => log.failure !== undefined);
    expect(log.failure).toBeInstanceOf(LostLogError);
    expect(log.failure?.message).toMatch(says);
    expect(log.syncedOffset).toBe(a.length);
    append(log, c);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(log.syncedOffset).toBe(a.length);
    expect(told).toEqual(['failed']);
    if (undo === undefined) {
      await expect(log.close()).rejects.toThrow(LostLogError);
      return;
    }
    undo();
    await until(() => log.failure === undefined);
    await log.flush();
    expect(told).toEqual(['failed', 'recovered']);
    await log.close();
    expect(digest((await readLog(path)).bytes)).toBe(digest(Buffer.concat([a, b, c])));
  });

  test('it is noticed without a write, whatever the policy', async () => {
    log.policy = { mode: 'no', intervalMs: 0 };
    lose();
    log.verify();
    // A copy is as good until then.
    if (name.endsWith('a copy')) {
      expect(log.failure).toBeUndefined();
      return;
    }
    expect(log.failure).toBeInstanceOf(LostLogError);
    log.verify();
    expect(told).toEqual(['failed']);
    if (undo === undefined) return;
    undo();
    await until(() => log.failure === undefined);
    expect(told).toEqual(['failed', 'recovered']);
  });
});

describe('another log in its place', () => {
  let foreign: Record<string, string>;
  const contents = () =>
    Object.fromEntries(
      readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'latin1')]),
    );

  beforeEach(async () => {
    const other = await newLog(join(directory.path, 'other'));
    append(other, b);
    await other.close();
    renameSync(path, aside());
    renameSync(join(directory.path, 'other'), path);
    foreign = contents();
  });

  test('gets no file, no line and no deletion of this one', async () => {
    const { directory: own } = log;
    const failed = new Promise<Error>((resolve) => {
      log.rotate({ switched: () => {}, failed: resolve });
    });
    expect(await failed).toBeInstanceOf(LostLogError);
    await expect(own.update((manifest) => manifest)).rejects.toThrow(
      /was written by somebody else/,
    );
    expect(() => own.remove([FIRST])).toThrow(LostLogError);
    expect(contents()).toEqual(foreign);
    append(log, c);
    await until(() => log.failure !== undefined);
    await expect(log.close()).rejects.toThrow(LostLogError);
    expect(contents()).toEqual(foreign);
  });
});

test('a manifest that is gone is not made anew without the log', async () => {
  unlinkSync(join(path, 'appendonly.aof.manifest'));
  const failed = new Promise<Error>((resolve) => {
    log.rotate({ switched: () => {}, failed: resolve });
  });
  expect((await failed).message).toMatch(/appendonly\.aof\.manifest is gone/);
  expect(readdirSync(path)).toEqual([FIRST]);
});

test('two writers of one file overwrite nothing', async () => {
  const other = await newLog(join(directory.path, 'other'));
  append(other, b);
  await other.flush();
  const foreign = readFileSync(join(directory.path, 'other', FIRST));
  const before = readFileSync(first());
  // As a second server does that a lock could not keep away.
  appendFileSync(first(), foreign);
  append(log, c);
  const bytes = readFileSync(first());
  expect(bytes.subarray(0, before.length).equals(before)).toBe(true);
  expect(bytes.subarray(before.length).subarray(0, foreign.length).equals(foreign)).toBe(true);
  expect(bytes.includes(c)).toBe(true);
  await other.close();
});

test('a file system that gives an open file another number is believed', async () => {
  // The same bytes in another file, as such a system would show them.
  append(log, b);
  await log.flush();
  copyFileSync(first(), aside());
  unlinkSync(first());
  renameSync(aside(), first());
  log.verify();
  expect(log.failure).toBeUndefined();
});
