// Disks that are full, fail, take less than they are given, or lose what they could not sync: at
// every step, with every error. Nothing is lost, order is kept, and those who ask are told.

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../../../src/persistence/segments/log.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { until } from '../../support/until.ts';
import {
  append,
  command,
  digest,
  FaultyFileSystem,
  newLog,
  type Operation,
  readLog,
  rotate,
  systemError,
  ticking,
} from '../logs.ts';

const FIRST = 'appendonly.aof.1.incr.aof';
const OPERATIONS: readonly Operation[] = [
  'write',
  'datasync',
  'sync',
  'open',
  'rename',
  'truncate',
];

let path: string;
let fs: FaultyFileSystem;
let told: string[];
const listeners = {
  onFailure: (error: Error) => void told.push(`failed: ${error.message}`),
  onRecovered: () => void told.push('recovered'),
  // Each group tells the time.
  ...ticking(1000),
};

beforeEach(() => {
  path = join(ownDirectory(), 'log');
  fs = new FaultyFileSystem();
  told = [];
});

/** Has the first `times` operations of a kind fail. */
function failing(operation: Operation, times: number, code = 'EIO'): void {
  let left = times;
  fs.fault = (each) => (each === operation && left-- > 0 ? systemError(code) : undefined);
}

/** Has bytes [start, end) of the first file read as zeros. */
function lose(start: number, end: number): void {
  const fd = openSync(join(path, FIRST), 'r+');
  writeSync(fd, Buffer.alloc(end - start), 0, end - start, start);
  closeSync(fd);
}

describe('a full disk', () => {
  test('keeps the group, which grows meanwhile, and says when it is written', async () => {
    const log = await newLog(path, { ...listeners, retryMs: 3_600_000 }, fs);
    const [a, b, c] = ['a', 'b', 'c'].map((key) => command('SET', key, '1'));
    append(log, a);
    fs.fault = (operation) => (operation === 'write' ? systemError('ENOSPC') : undefined);
    expect(append(log, b)).toBe(false);
    expect(append(log, c)).toBe(false);
    expect(log.failure?.message).toMatch(/ENOSPC/);
    expect(log.writtenOffset).toBe(a.length);
    expect(log.stats.pendingBytes).toBe(b.length + c.length);
    expect(readFileSync(join(path, FIRST)).length).toBe(log.segment.sizeBytes);
    fs.fault = () => undefined;
    expect(log.commit()).toBe(true);
    expect(log.failure).toBeUndefined();
    expect(told).toEqual(['failed: ENOSPC: injected', 'recovered']);
    await log.close();
    expect((await readLog(path)).bytes).toEqual(Buffer.concat([a, b, c]));
  });

  test('is tried again without being asked', async () => {
    let progress = 0;
    const log: Log = await newLog(
      path,
      { ...listeners, onProgress: () => progress++, policy: { mode: 'no', intervalMs: 0 } },
      fs,
    );
    failing('write', 3, 'ENOSPC');
    expect(append(log, command('SET', 'a', '1'))).toBe(false);
    await until(() => told.length === 2);
    expect(log.writtenOffset).toBe(log.offset);
    await until(() => progress > 0);
    expect(progress).toBe(1);
    await log.close();
  });

  test('is told of as progress, whoever had the group written at last', async () => {
    let progress = 0;
    const log: Log = await newLog(
      path,
      {
        ...listeners,
        ...{ onProgress: () => progress++, policy: { mode: 'no', intervalMs: 0 } },
        retryMs: 3_600_000,
      },
      fs,
    );
    failing('write', 1, 'ENOSPC');
    expect(append(log, command('SET', 'a', '1'))).toBe(false);
    expect(log.commit()).toBe(true);
    await until(() => progress > 0);
    await log.close();
    expect(progress).toBe(1);
  });

  test.each([0, 1, 10, 62, 63, 70])(
    'that takes %i bytes of a group leaves whole groups',
    async (taken) => {
      const log = await newLog(path, { ...listeners, retryMs: 3_600_000 }, fs);
      append(log, command('SET', 'a', '1'));
      let writes = 0;
      fs.fault = (operation) => {
        if (operation !== 'write') return undefined;
        return writes++ === 0 && taken > 0 ? taken : systemError('ENOSPC');
      };
      append(log, command('SET', 'b', '2'));
      expect(readFileSync(join(path, FIRST)).length).toBe(log.segment.sizeBytes);
      // Nor does it matter if cutting back fails too: the next attempt does it first.
      writes = 0;
      const before = fs.fault;
      fs.fault = (operation) => (operation === 'truncate' ? systemError('EIO') : before(operation));
      log.commit();
      fs.fault = () => undefined;
      expect((await readLog(path)).starts).toEqual([0]);
      await log.close();
      expect((await readLog(path)).starts).toHaveLength(2);
    },
  );
});

describe('a sync that fails', () => {
  test('has what was lost written again, in place, also what came meanwhile', async () => {
    const log = await newLog(path, { ...listeners, bufferBytes: 300, retryMs: 20 }, fs);
    append(log, command('SET', 'safe', '1'));
    await log.flush();
    const safeBytes = log.segment.sizeBytes;
    const stream: Buffer[] = [command('SET', 'safe', '1')];
    const add = (key: string) => {
      stream.push(command('SET', key, 'v'.repeat(50)));
      append(log, stream[stream.length - 1]);
    };
    failing('datasync', 2);
    // The kernel drops the pages that it could not write.
    fs.onSyncFailed = () => lose(safeBytes, log.segment.sizeBytes);
    for (let i = 0; i < 20; i++) add(`k${i}`);
    await until(() => told.length > 0);
    expect(log.failure?.message).toMatch(/EIO/);
    expect(log.syncedOffset).toBe(stream[0].length);
    for (let i = 20; i < 30; i++) add(`k${i}`);
    await log.flush();
    expect(told).toEqual(['failed: EIO: injected', 'recovered']);
    expect(log.syncedOffset).toBe(log.offset);
    expect(log.stats.keptBytes).toBe(0);
    expect(digest((await readLog(path)).bytes)).toBe(digest(Buffer.concat(stream)));
    await log.close();
  });

  test('is tried again when the policy has become `no`: until it works, writes are refused', async () => {
    const log = await newLog(path, { ...listeners, retryMs: 20 }, fs);
    fs.fault = (operation) => (operation === 'datasync' ? systemError('EIO') : undefined);
    fs.onSyncFailed = () => lose(0, a.length);
    const [a, b] = ['a', 'b'].map((key) => command('SET', key, '1'));
    append(log, a);
    await until(() => told.length > 0);
    log.policy = { mode: 'no', intervalMs: 0 };
    append(log, b);
    fs.fault = () => undefined;
    await until(() => told.length === 2);
    expect(told).toEqual(['failed: EIO: injected', 'recovered']);
    expect((await readLog(path)).bytes).toEqual(Buffer.concat([a, b]));
    await log.close();
  });

  test('in a segment that is already followed, the same', async () => {
    const log = await newLog(path, { ...listeners, bufferBytes: 300 }, fs);
    fs.holdsSyncs = true;
    const stream: Buffer[] = [];
    for (let i = 0; i < 30; i++) {
      stream.push(command('SET', `k${i}`, 'v'.repeat(i)));
      append(log, stream[i]);
      if (i % 10 === 9) await rotate(log);
    }
    expect(log.segment.seq).toBe(4);
    const first = readFileSync(join(path, FIRST)).length;
    failing('datasync', 1);
    fs.onSyncFailed = () => lose(0, first);
    fs.release();
    await log.flush();
    expect(told).toEqual(['failed: EIO: injected', 'recovered']);
    await log.close();
    expect(digest((await readLog(path)).bytes)).toBe(digest(Buffer.concat(stream)));
  });

  test('never runs twice at once, and the next one takes all that came meanwhile', async () => {
    const log = await newLog(path, listeners, fs);
    fs.holdsSyncs = true;
    for (let i = 0; i < 5; i++) append(log, command('SET', 'a', `${i}`));
    await until(() => fs.heldSyncs === 1);
    for (let i = 0; i < 5; i++) append(log, command('SET', 'b', `${i}`));
    expect(fs.heldSyncs).toBe(1);
    expect(log.syncedOffset).toBe(0);
    fs.release();
    await log.flush();
    expect(fs.calls.filter((call) => call === 'datasync')).toHaveLength(2);
    await log.close();
  });
});

describe('what is called synced', () => {
  test('was written before the sync began', async () => {
    const seen: number[] = [];
    let log: Log | undefined;
    const onProgress = () => void seen.push(log?.syncedOffset ?? -1);
    log = await newLog(path, { ...listeners, onProgress }, fs);
    const [a, b, c] = ['a', 'b', 'c'].map((key) => command('SET', key, '1'));
    fs.holdsSyncs = true;
    append(log, a);
    await until(() => fs.heldSyncs === 1);
    // The sync of `a` runs by now; `b` is for the next one, and `c` is not even written.
    append(log, b);
    log.append(c, 0, c.length);
    fs.release();
    await until(() => seen.length === 2);
    expect(seen).toEqual([a.length, a.length + b.length]);
    await log.close();
  });
});

describe('one failure at each step of a run with rotations', () => {
  for (const operation of OPERATIONS) {
    test(operation, async () => {
      for (let step = 0; ; step++) {
        const run = temporaryDirectory();
        path = join(run.path, 'log');
        fs = new FaultyFileSystem();
        const warned: Error[] = [];
        told = [];
        const log = await newLog(
          path,
          { ...listeners, maxSegmentBytes: 600, onWarning: (error) => void warned.push(error) },
          fs,
        );
        let seen = 0;
        let hasFailed = false;
        // Cutting back is only done when writing fails.
        fs.fault = (each) => {
          if (operation === 'truncate' && each === 'write' && fs.calls.length % 3 === 0) {
            return systemError('EIO');
          }
          if (each !== operation || seen++ !== step) return undefined;
          hasFailed = true;
          return systemError('EIO');
        };
        const stream: Buffer[] = [];
        while (stream.length < 40 || log.segment.seq < 3) {
          stream.push(command('SET', `k${stream.length}`, 'v'.repeat(stream.length)));
          append(log, stream[stream.length - 1]);
          if (stream.length % 4 === 0) await until(() => log.syncedOffset === log.offset);
        }
        fs.fault = () => undefined;
        await log.flush();
        await log.close();
        const { bytes } = await readLog(path);
        expect(digest(bytes)).toBe(digest(Buffer.concat(stream)));
        run.remove();
        if (!hasFailed) break;
        expect(told.length + warned.length).toBeGreaterThan(0);
        if (told.length > 0) expect(told.at(-1)).toBe('recovered');
      }
      expect(fs.calls).toContain(operation);
    }, 60_000);
  }
});
