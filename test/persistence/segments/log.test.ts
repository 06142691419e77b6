// The writer and recovery together: what was appended is read back, in order and whole, whatever the
// sizes of groups, buffers and segments, after being opened again, and whatever the policy.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { openLog } from '../../../src/persistence/log/open-log.ts';
import { CommandReader } from '../../../src/persistence/recovery/commands-of.ts';
import type { Log } from '../../../src/persistence/segments/log.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import type { SyncPolicy } from '../../../src/persistence/segments/sync-schedule.ts';
import type { PinnedPiece } from '../../../src/protocol/large-argument.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { until } from '../../support/until.ts';
import {
  append,
  BASE_NAME,
  command,
  digest,
  FaultyFileSystem,
  newLog,
  optionsWith,
  readLog,
  rotate,
  systemError,
  ticking,
} from '../logs.ts';

let path: string;

beforeEach(() => {
  path = join(ownDirectory(), 'log');
});

interface Settings {
  readonly bufferBytes: number;
  readonly maxSegmentBytes: number;
  readonly mode: SyncPolicy['mode'];
  /** How much time passes between two groups. */
  readonly stepMs: number;
}

/** Opens the log again where it ends. */
async function reopen(options: Parameters<typeof optionsWith>[0] = {}): Promise<Log> {
  const recovered = await readLog(path);
  return openLog(recovered.directory, recovered, optionsWith(options));
}

describe('what was appended is read back', () => {
  test('groups keep their borders, and their commands their arguments', async () => {
    const log = await newLog(path);
    const first = Buffer.concat([command('SET', 'a', '1'), command('SET', 'b', '\r\n#SG1 ')]);
    append(log, first);
    append(log, command('DEL', 'a'));
    await log.close();
    const { starts, bytes, offset } = await readLog(path);
    expect(starts).toEqual([0, first.length]);
    expect(offset).toBe(log.offset);
    const seen: string[][] = [];
    new CommandReader().forEach(bytes, (request) => {
      seen.push(Array.from({ length: request.count }, (_, i) => request.latin1(i)));
    });
    expect(seen).toEqual([
      ['SET', 'a', '1'],
      ['SET', 'b', '\r\n#SG1 '],
      ['DEL', 'a'],
    ]);
  });

  test('with random groups, buffers, segments, policies, and closing in between', async () => {
    const size = fc.oneof(fc.nat({ max: 80 }), fc.nat({ max: 5000 }), fc.nat({ max: 50_000 }));
    const step = fc.oneof(
      { weight: 20, arbitrary: fc.array(size, { minLength: 1, maxLength: 5 }) },
      { weight: 1, arbitrary: fc.constant('reopen' as const) },
      { weight: 1, arbitrary: fc.constant('rotate' as const) },
      { weight: 2, arbitrary: fc.constant('sync' as const) },
    );
    const settings = fc.record({
      bufferBytes: fc.constantFrom(200, 4096, 65_536),
      maxSegmentBytes: fc.constantFrom(1000, 20_000, 1 << 30),
      mode: fc.constantFrom('always' as const, 'periodic' as const, 'no' as const),
      stepMs: fc.constantFrom(0, 400, 1000),
    });
    const check = async (steps: readonly (number[] | string)[], options: Settings) => {
      const run = temporaryDirectory();
      path = join(run.path, 'log');
      const policy = { mode: options.mode, intervalMs: 1 };
      const opening = { ...options, ...ticking(options.stepMs), policy };
      let log = await newLog(path, opening);
      const expected: Buffer[] = [];
      const borders: number[] = [];
      for (const each of steps) {
        if (each === 'reopen') {
          await log.close();
          log = await reopen(opening);
        } else if (each === 'rotate') await rotate(log);
        else if (each === 'sync') await log.flush();
        else if (typeof each !== 'string') {
          const parts = each.map((bytes) => command('SET', 'k', Buffer.alloc(bytes, 'v')));
          for (const part of parts) log.append(part, 0, part.length);
          borders.push(log.writtenOffset);
          expect(log.commit()).toBe(true);
          expected.push(...parts);
        }
      }
      await log.close();
      const { bytes, starts, torn } = await readLog(path);
      expect(torn).toBeUndefined();
      expect(digest(bytes)).toBe(digest(Buffer.concat(expected)));
      expect(starts).toEqual(borders);
      run.remove();
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), settings, check), {
      numRuns: 40,
    });
  });

  test('from an offset on, also from the middle of a group', async () => {
    const log = await newLog(path, { maxSegmentBytes: 500 });
    const all: Buffer[] = [];
    for (let i = 0; i < 100; i++) {
      all.push(command('SET', `key:${i}`, 'x'.repeat(i)));
      append(log, all[i]);
      if (i % 10 === 0) await log.flush();
    }
    await log.close();
    const stream = Buffer.concat(all);
    for (const from of [0, 1, 500, stream.length - 1, stream.length]) {
      const { bytes } = await readLog(path, { from });
      expect(digest(bytes)).toBe(digest(stream.subarray(from)));
    }
  });
});

describe('a log that has nothing in it', () => {
  test('begins where it is told to', async () => {
    const log = await newLog(path);
    const bytes = command('SET', 'a', '1');
    log.begin(1000);
    expect([log.offset, log.groupStart, log.writtenOffset, log.syncedOffset]).toEqual(
      Array.from({ length: 4 }, () => 1000),
    );
    append(log, bytes);
    await rotate(log);
    append(log, bytes);
    await log.close();
    const found = await readLog(path, { from: 1000 });
    expect(found.starts).toEqual([1000, 1000 + bytes.length]);
    expect(found.offset).toBe(1000 + 2 * bytes.length);
    const again = await openLog(found.directory, found, optionsWith());
    again.begin(found.offset);
    expect(() => again.begin(0)).toThrow(`it ends at ${found.offset}`);
    await again.close();
  });

  test('begins nowhere else once something is pending', async () => {
    const log = await newLog(path);
    const bytes = command('SET', 'a', '1');
    log.append(bytes, 0, bytes.length);
    expect(() => log.begin(1000)).toThrow('it ends at');
    await log.close();
    expect((await readLog(path)).bytes).toEqual(bytes);
  });
});

describe('a log that has a gap', () => {
  const bytes = command('SET', 'a', '1');

  test.each(['copied', 'pinned', 'closed'])(
    'writes nothing more, and keeps what it has written: pending bytes are %s',
    async (pending) => {
      const log = await newLog(path);
      append(log, bytes);
      log.append(bytes, 0, 10);
      let releases = 0;
      const piece: PinnedPiece = {
        length: 5,
        neededFrom: 0,
        copyTo: (target, at) => void target.fill(120, at, at + 5),
        release: () => void releases++,
      };
      if (pending !== 'copied') log.appendPinned(piece);
      if (pending === 'closed') log.closeGroup();
      const gap = new Error('a gap');
      log.abandon(gap);
      expect([log.commit(), log.failure]).toEqual([false, gap]);
      await expect(log.close()).rejects.toBe(gap);
      expect(releases).toBe(pending === 'copied' ? 0 : 1);
      expect(log.syncedOffset).toBe(bytes.length);
      const found = await readLog(path);
      expect([found.bytes, found.torn]).toEqual([bytes, undefined]);
    },
  );
});

describe('segments', () => {
  test('a full one is followed by the next, under load, and nothing is lost on the way', async () => {
    const log = await newLog(path, { maxSegmentBytes: 10_000 });
    const all: Buffer[] = [];
    while (log.segment.seq < 5) {
      const bytes = command('SET', `key:${all.length}`, 'value');
      all.push(bytes);
      append(log, bytes);
      if (all.length % 50 === 0) await new Promise(setImmediate);
    }
    await log.close();
    const { bytes, segments } = await readLog(path);
    expect(digest(bytes)).toBe(digest(Buffer.concat(all)));
    expect(segments.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    const { manifest } = LogDirectory.read(path, BASE_NAME);
    expect(manifest.segments.map(({ start }) => start)).toEqual(segments.map(({ start }) => start));
  });

  test('on demand, the change is at the end of the stream, pending bytes included', async () => {
    const log = await newLog(path);
    append(log, command('SET', 'a', '1'));
    const pending = command('SET', 'b', '2');
    const change = new Promise<[number, number]>((resolve, reject) => {
      const switched = (offset: number) => resolve([offset, log.offset]);
      log.rotate({ switched, failed: reject });
    });
    log.append(pending, 0, pending.length);
    const [offset, end] = await change;
    expect(offset).toBe(end);
    expect(offset).toBe(log.writtenOffset);
    expect(log.segment).toMatchObject({ seq: 2, start: offset });
    append(log, command('SET', 'c', '3'));
    await log.close();
    const { segments, starts } = await readLog(path, { from: offset });
    expect(segments.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(starts).toEqual([offset]);
  });

  test('one that was made ready but not begun is gone on with', async () => {
    const log = await newLog(path);
    append(log, command('SET', 'a', '1'));
    await rotate(log);
    await log.close();
    const again = await reopen();
    expect(again.segment.seq).toBe(2);
    append(again, command('SET', 'b', '2'));
    await again.close();
    expect((await readLog(path)).starts).toHaveLength(2);
    expect(readdirSync(path)).toHaveLength(3);
  });
});

describe('what a log tells of itself', () => {
  test('offsets and figures', async () => {
    const log = await newLog(path, { policy: { mode: 'no', intervalMs: 0 } });
    const bytes = command('SET', 'a', '1');
    log.append(bytes, 0, bytes.length);
    expect(log.stats).toMatchObject({ pendingBytes: bytes.length, groups: 0 });
    log.commit();
    expect(log.stats).toMatchObject({ pendingBytes: 0, groups: 1, lastGroupBytes: bytes.length });
    expect(log.stats.unsyncedBytes).toBe(bytes.length);
    expect(log.stats.keptBytes).toBe(0);
    expect(log.syncedOffset).toBe(0);
    log.policy = { mode: 'always', intervalMs: 0 };
    await log.flush();
    expect(log.syncedOffset).toBe(bytes.length);
    expect(log.syncLatency.total).toBe(1);
    await log.close();
  });

  test('when the disk has caught up, without being asked', async () => {
    const synced: number[] = [];
    const log: Log = await newLog(path, { onProgress: () => synced.push(log.syncedOffset) });
    append(log, command('SET', 'a', '1'));
    await log.flush();
    await log.close();
    expect(synced).toEqual([log.offset]);
  });
});

test('a log that is closed goes over to nothing, and says so', async () => {
  const log = await newLog(path);
  await log.close();
  const asked = new Promise<string>((resolve) => {
    log.rotate({ switched: () => resolve('switched'), failed: ({ message }) => resolve(message) });
  });
  expect(await asked).toBe('the log was closed');
});

test('who waits for a log that is closed meanwhile does not wait for ever', async () => {
  const fs = new FaultyFileSystem();
  const log = await newLog(path, {}, fs);
  fs.holdsSyncs = true;
  append(log, command('SET', 'a', '1'));
  const before = log.flush();
  let isClosed = false;
  const closing = log.close().then(() => {
    isClosed = true;
  });
  await new Promise(setImmediate);
  // Asked for while the last sync goes on.
  const meanwhile = log.flush();
  const again = log.close().then(() => isClosed);
  fs.holdsSyncs = false;
  fs.release();
  await Promise.all([before, meanwhile, closing]);
  expect(await again).toBe(true);
  expect(log.syncedOffset).toBe(log.offset);
});

test('a log that was closed with something pending writes to no file any more', async () => {
  const fs = new FaultyFileSystem();
  const log = await newLog(path, { retryMs: 1 }, fs);
  fs.fault = (operation) => (operation === 'write' ? systemError('ENOSPC') : undefined);
  append(log, command('SET', 'a', '1'));
  await expect(log.close()).rejects.toThrow('ENOSPC');
  fs.fault = () => undefined;
  const { length } = fs.calls;
  expect(log.commit()).toBe(false);
  expect(fs.calls.slice(length)).toEqual([]);
});

test('why there is no next file is said once, however often that is tried', async () => {
  const fs = new FaultyFileSystem();
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => void warnings.push(message);
  const log = await newLog(path, { maxSegmentBytes: 100, retryMs: 1, onWarning }, fs);
  const { length } = fs.calls;
  const attempts = () => fs.calls.slice(length).filter((operation) => operation === 'open').length;
  fs.fault = (operation) => (operation === 'open' ? systemError('ENOSPC') : undefined);
  append(log, command('SET', 'a', 'v'.repeat(200)));
  await until(() => attempts() > 5);
  expect(warnings).toEqual([expect.stringMatching('ENOSPC')]);
  const { seq } = log.segment;
  fs.fault = () => undefined;
  await until(() => log.segment.seq > seq);
  await log.close();
});
