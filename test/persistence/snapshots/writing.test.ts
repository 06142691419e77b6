// A snapshot that is written in slices, beside everything else that the event loop does.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { SnapshotWriting } from '../../../src/persistence/snapshots/snapshot-writing.ts';
import { Random } from '../../support/random.ts';
import { load } from '../rdb/loading.ts';
import { CommandBench } from './command-bench.ts';

/** More than a slice saves. */
const KEYS = 20_000;

test('replies do not wait for a slice: they are sent before each', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'synap-snapshot-writing-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const { keyspace } = fullBench();
  const path = join(directory, 'dump.rdb');
  const savedBefore: number[] = [];
  const writing: SnapshotWriting = new SnapshotWriting(
    {
      ...{ keyspace, config: loadConfig(), memory: { usedBytes: 0 } },
      coldTier: { hold: () => ({ keep: () => {}, release: () => {} }) },
      replies: { flush: () => savedBefore.push(writing.progress.saved) },
    },
    {
      ...{ path, facts: { isLogBase: false } },
      ...{ syncsInParts: true, compresses: false, isAtOnce: false },
    },
  );
  const { keys } = writing.progress;
  expect(await writing.run()).toBe(true);
  expect(writing.progress.saved).toBe(keys);
  // Nothing was saved without one before: no two slices in a row, nor one in front.
  expect(savedBefore[0]).toBe(0);
  expect(savedBefore.length).toBeGreaterThan(1);
  expect(load(readFileSync(path)).keyspace.databases[0].size).toBe(keys);
});

function fullBench(): CommandBench {
  const bench = new CommandBench(new Random(1));
  bench.fill(KEYS);
  return bench;
}
