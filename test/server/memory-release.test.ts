// How often MEMORY PURGE has V8 collect its garbage, which stops everybody: once a second, however often it comes.
import { beforeEach, expect, test, vi } from 'vitest';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { collectGarbage } from '../../src/memory/collector.ts';
import { MemoryRelease, type ReleaseHost } from '../../src/server/memory-release.ts';
import { ServerStats } from '../../src/telemetry/server-stats.ts';
import { valueTypes } from '../../src/types/index.ts';

vi.mock('../../src/memory/collector.ts', () => ({ collectGarbage: vi.fn() }));

/** A purge collects twice. */
const COLLECTIONS = 2;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.mocked(collectGarbage).mockClear();
  return () => vi.useRealTimers();
});

function newRelease(ownsProcess: boolean): MemoryRelease {
  const host = {
    keyspace: new Keyspace(valueTypes, 1),
    tracking: { table: { arena: undefined } },
    stats: new ServerStats(),
    memory: { usedBytes: 0 },
    process: { isOwn: ownsProcess },
    wal: { releaseSpares: () => {} },
  };
  return new MemoryRelease(host as unknown as ReleaseHost);
}

const collections = () => vi.mocked(collectGarbage).mock.calls.length;

test('purges in a row collect at once, and once more within a second', () => {
  const release = newRelease(true);
  for (let i = 0; i < 5; i++) release.purge();
  expect(collections()).toBe(COLLECTIONS);
  vi.advanceTimersByTime(900);
  release.purge();
  expect(collections()).toBe(COLLECTIONS);
  release.tick();
  expect(collections()).toBe(2 * COLLECTIONS);
  release.tick();
  expect(collections()).toBe(2 * COLLECTIONS);
  vi.advanceTimersByTime(1000);
  release.purge();
  expect(collections()).toBe(3 * COLLECTIONS);
});

test('a library collects nothing: the process is not its own', () => {
  const release = newRelease(false);
  release.purge();
  release.purge();
  release.tick();
  expect(collections()).toBe(0);
});
