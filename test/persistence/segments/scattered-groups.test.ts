// Groups with large arguments in them: these are not copied but pinned, and written on another thread. What
// was appended is in the file in its order, as it was then, whatever becomes of the blocks meanwhile and
// whatever fails; and the pins go.
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { OverflowBlocks } from '../../../src/memory/overflow-blocks.ts';
import { PinnedBytes } from '../../../src/memory/pinned-bytes.ts';
import type { Log } from '../../../src/persistence/segments/log.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { Random } from '../../support/random.ts';
import { until } from '../../support/until.ts';
import {
  append,
  BASE_NAME,
  command,
  digest,
  FaultyFileSystem,
  newLog,
  readLog,
  rotate,
  systemError,
  ticking,
} from '../logs.ts';

const MIB = 1024 * 1024;
const FIRST = 'appendonly.aof.1.incr.aof';

let root: string;
let path: string;
let blocks: OverflowBlocks;
let fs: FaultyFileSystem;

beforeEach(() => {
  root = ownDirectory();
  path = join(root, 'log');
  blocks = new OverflowBlocks();
  fs = new FaultyFileSystem();
});

/** A command whose last argument lies in a block, and what the log is to have of it. */
class LargeCommand {
  readonly id: number;
  readonly expected: Buffer;
  readonly #head: Buffer;

  constructor(key: string, length: number, random: Random) {
    this.id = blocks.allocate(length);
    const bytes = blocks.get(this.id);
    for (let at = 0; at < length; at += 1 + (at & 255)) bytes[at] = random.integer(0, 255);
    this.expected = command('SET', key, bytes);
    this.#head = this.expected.subarray(0, this.expected.length - length - 2);
  }

  append(log: Log): void {
    const pin = new PinnedBytes(blocks.get(this.id));
    blocks.pin(pin);
    log.append(this.#head, 0, this.#head.length);
    log.appendPinned(pin);
    log.append(Buffer.from('\r\n'), 0, 2);
  }

  /** Changes some of its bytes. */
  change(random: Random): void {
    const bytes = blocks.get(this.id);
    const start = random.integer(0, bytes.length);
    const end = random.integer(start, bytes.length);
    blocks.changing(bytes, start, end);
    bytes.fill(random.integer(0, 255), start, end);
  }
}

describe('what was appended is read back', () => {
  test.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'in its order: seed %i',
    async (seed) => {
      const random = new Random(seed);
      const mode = random.pick(['always', 'periodic', 'no'] as const);
      const opening = {
        policy: { mode, intervalMs: 1 },
        maxSegmentBytes: random.pick([3 * MIB, 1 << 30]),
        ...ticking(random.pick([0, 400])),
      };
      const log = await newLog(path, opening, fs);
      const expected: Buffer[] = [];
      const live: LargeCommand[] = [];
      for (let i = 0; i < 60; i++) {
        const kind = random.next();
        if (kind < 0.3) {
          const small = command('SET', `${i}`, Buffer.alloc(random.integer(0, 3000), 'v'));
          log.append(small, 0, small.length);
          expected.push(small);
        } else if (kind < 0.5) {
          const length = random.pick([random.integer(1, 100_000), random.integer(MIB, 3 * MIB)]);
          const large = new LargeCommand(`${i}`, length, random);
          large.append(log);
          expected.push(large.expected);
          live.push(large);
        } else if (kind < 0.7) log.commit();
        else if (kind < 0.8 && live.length > 0) random.pick(live).change(random);
        else if (kind < 0.85) blocks.free(live.pop()?.id ?? blocks.allocate(0));
        else if (kind < 0.9) await new Promise(setImmediate);
        else if (kind < 0.92) await rotate(log);
        else if (kind < 0.94) await log.flush();
        expect(log.syncedOffset).toBeLessThanOrEqual(log.writtenOffset);
        expect(log.writtenOffset).toBeLessThanOrEqual(log.groupStart);
        expect(log.groupStart).toBeLessThanOrEqual(log.offset);
      }
      await log.close();
      const { bytes, torn } = await readLog(path);
      expect(torn).toBeUndefined();
      expect(digest(bytes)).toBe(digest(Buffer.concat(expected)));
      for (const { id } of live) blocks.free(id);
      expect(blocks.usedBytes).toBe(0);
    },
  );

  test('nothing is written, or called written, while a group before it is', async () => {
    const log = await newLog(path, {}, fs);
    const [before, after] = ['before', 'after'].map((key) => command('SET', key, 'v'));
    const large = new LargeCommand('large', 3 * MIB, new Random(1));
    append(log, before);
    large.append(log);
    expect(log.commit()).toBe(false);
    expect(log.isWriting).toBe(true);
    log.append(after, 0, after.length);
    const written = new Set<number>();
    await until(() => {
      log.commit();
      written.add(log.writtenOffset);
      return log.writtenOffset === log.offset;
    });
    const middle = before.length + large.expected.length;
    expect([...written].filter((offset) => offset > before.length && offset < middle)).toEqual([]);
    expect(log.failure).toBeUndefined();
    await log.close();
    const { starts } = await readLog(path);
    expect(starts).toEqual([0, before.length, middle]);
  });
});

test('each step is small: the event loop goes on in between', async () => {
  const log = await newLog(path, { policy: { mode: 'no', intervalMs: 1 } }, fs);
  const slices: number[] = [];
  const { appendAside } = fs;
  fs.appendAside = function (fd, bytes, start, length, done) {
    slices.push(length);
    appendAside.call(this, fd, bytes, start, length, done);
  };
  const large = new LargeCommand('large', 20 * MIB, new Random(1));
  large.append(log);
  log.commit();
  let turns = 0;
  for (; log.isWriting; turns++) await new Promise(setImmediate);
  expect(Math.max(...slices)).toBeLessThanOrEqual(MIB);
  // Summed, and then written, a MiB at a time.
  expect(turns).toBeGreaterThan(30);
  expect(slices.reduce((sum, bytes) => sum + bytes)).toBe(log.segment.sizeBytes);
  await log.close();
});

describe('when something fails', () => {
  test('a write: the file is cut to whole groups, and all is appended once more', async () => {
    const told: string[] = [];
    const log = await newLog(
      path,
      {
        onFailure: (error) => void told.push(error.message),
        onRecovered: () => void told.push('recovered'),
      },
      fs,
    );
    const large = new LargeCommand('large', 4 * MIB, new Random(3));
    const [before, after] = ['before', 'after'].map((key) => command('SET', key, 'v'));
    append(log, before);
    let writes = 0;
    // The third slice of the first two attempts; and a slice that is taken in part.
    fs.fault = (operation) => {
      if (operation !== 'write') return undefined;
      writes++;
      if (writes === 3 || writes === 6) return systemError('ENOSPC');
      return writes === 8 ? 1000 : undefined;
    };
    large.append(log);
    log.commit();
    log.append(after, 0, after.length);
    await until(() => told.length > 0);
    expect(readFileSync(join(path, FIRST)).length).toBe(log.segment.sizeBytes);
    expect([log.writtenOffset, log.failure?.message]).toEqual([before.length, 'ENOSPC: injected']);
    large.change(new Random(4));
    await until(() => log.writtenOffset === log.offset);
    expect(told).toEqual(['ENOSPC: injected', 'recovered']);
    await log.close();
    const { bytes } = await readLog(path);
    expect(digest(bytes)).toBe(digest(Buffer.concat([before, large.expected, after])));
  });

  test('a sync: what the kernel may have dropped is written again, as it was', async () => {
    const log = await newLog(path, { retryMs: 50 }, fs);
    const large = new LargeCommand('large', 2 * MIB, new Random(5));
    fs.onSyncFailed = () => {
      const fd = openSync(join(path, FIRST), 'r+');
      writeSync(fd, Buffer.alloc(2 * MIB), 0, 2 * MIB, 0);
      closeSync(fd);
    };
    fs.holdsSyncs = true;
    append(log, command('SET', 'before', 'v'));
    large.append(log);
    log.commit();
    await until(() => log.writtenOffset === log.offset);
    let left = 1;
    fs.fault = (operation) =>
      operation === 'datasync' && left-- > 0 ? systemError('EIO') : undefined;
    fs.release();
    await until(() => log.failure !== undefined);
    large.change(new Random(6));
    blocks.free(large.id);
    await until(() => log.syncedOffset === log.offset);
    expect(blocks.usedBytes).toBe(0);
    await log.close();
    const { bytes } = await readLog(path);
    const expected = Buffer.concat([command('SET', 'before', 'v'), large.expected]);
    expect(digest(bytes)).toBe(digest(expected));
  });

  test('the end while a group cannot be written: it is tried once more', async () => {
    const log = await newLog(path, { retryMs: 3_600_000 }, fs);
    const large = new LargeCommand('large', 2 * MIB, new Random(7));
    let left = 1;
    fs.fault = (operation) =>
      operation === 'write' && left-- > 0 ? systemError('EIO') : undefined;
    large.append(log);
    log.commit();
    await until(() => log.failure !== undefined);
    log.append(command('PING'), 0, command('PING').length);
    await log.close();
    const { bytes } = await readLog(path);
    expect(digest(bytes)).toBe(digest(Buffer.concat([large.expected, command('PING')])));
  });

  test('the process ends within a group: what is before is whole', async () => {
    const log = await newLog(path, {}, fs);
    const large = new LargeCommand('large', 5 * MIB, new Random(8));
    // The argument has in it what looks like a later group.
    const bytes = blocks.get(large.id);
    append(log, command('SET', 'before', 'v'));
    readFileSync(join(path, FIRST)).copy(bytes, 100);
    let copies = 0;
    fs.fault = (operation) => {
      if (operation !== 'write' || !log.isWriting) return undefined;
      const copy = join(root, `copy${copies++}`);
      mkdirSync(copy);
      for (const name of [FIRST, `${BASE_NAME}.manifest`]) {
        copyFileSync(join(path, name), join(copy, name));
      }
      return undefined;
    };
    large.append(log);
    log.commit();
    await log.flush();
    await log.close();
    expect(copies).toBe(6);
    for (let i = 0; i < copies; i++) {
      const found = await readLog(join(root, `copy${i}`));
      expect(found.bytes.equals(command('SET', 'before', 'v'))).toBe(true);
      expect(found.torn === undefined).toBe(i === 0);
    }
  });
});
