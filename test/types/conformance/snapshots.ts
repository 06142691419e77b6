// A snapshot that is taken while a value changes has it as it was: before its turn has come, in the middle of it,
// and after it.
import { describe, expect, test } from 'vitest';
import { Eviction } from '../../../src/keyspace/eviction.ts';
import { Snapshot } from '../../../src/keyspace/snapshot.ts';
import { load } from '../../persistence/rdb/loading.ts';
import { collector } from '../../persistence/snapshots/snapshot-files.ts';
import { AT_ONCE, NEVER, type Subject, type TypeBench, useBench } from './bench.ts';
import { type Sample, samplesByTier } from './fixture.ts';

/** When the value changes: asked after each slice. */
type Moment = (facts: { slices: number; slicesOfValue: number; isOver: boolean }) => boolean;

const MOMENTS: readonly (readonly [name: string, moment: Moment])[] = [
  ['before', () => true],
  ['after some slices', ({ slices }) => slices >= 3],
  ['when its first part is saved', ({ slicesOfValue, isOver }) => slicesOfValue >= 1 || isOver],
  ['in the middle of it', ({ slicesOfValue, isOver }) => slicesOfValue >= 3 || isOver],
  ['after', ({ isOver }) => isOver],
];

/** Moments that only long values have. */
const WITHIN: ReadonlySet<string> = new Set([
  'when its first part is saved',
  'in the middle of it',
]);

/** Other keys, so that there are slices before and after a value's. */
const OTHERS = 60;

type Act = (bench: TypeBench, key: string, dump: Buffer) => void;

/** What happens to a value; `other` and `twin` are there besides, a string and a value as the one that it happens to. */
const ACTS: Readonly<Record<string, Act>> = {
  DEL: (bench, key) => bench.run('DEL', key),
  UNLINK: (bench, key) => bench.run('UNLINK', key),
  'SET over it': (bench, key) => bench.run('SET', key, 'a string'),
  RENAME: (bench, key) => bench.run('RENAME', key, 'renamed'),
  'RENAME over it': (bench, key) => bench.run('RENAME', 'other:1', key),
  'RENAME over another': (bench, key) => bench.run('RENAME', key, 'other:2'),
  MOVE: (bench, key) => bench.run('MOVE', key, '1'),
  COPY: (bench, key) => bench.run('COPY', key, 'other:3', 'REPLACE'),
  'COPY over it': (bench, key) => bench.run('COPY', 'twin', key, 'REPLACE'),
  'RESTORE over it': (bench, key, dump) => bench.text('RESTORE', key, '0', dump, 'REPLACE'),
  PEXPIRE: (bench, key) => bench.run('PEXPIRE', key, '50000'),
  PERSIST: (bench, key) => bench.run('PERSIST', key),
  expiry: (bench, key) => {
    bench.run('PEXPIRE', key, '10');
    bench.pass(10);
    bench.keyspace.expireDue(NEVER);
  },
  eviction: (bench, key) => bench.db.evictEntry(bench.ref(key)),
};

/** What happens to all values. */
const ACTS_ON_ALL: Readonly<Record<string, Act>> = {
  'eviction of all': (bench) => {
    const eviction = new Eviction(bench.keyspace);
    eviction.setPolicy('allkeys-random');
    eviction.run(() => bench.db.size > 0, NEVER);
  },
  FLUSHDB: (bench) => bench.run('FLUSHDB'),
  'FLUSHALL SYNC': (bench) => bench.run('FLUSHALL', 'SYNC'),
  SWAPDB: (bench, key) => {
    bench.run('SWAPDB', '0', '1');
    bench.run('SELECT', '1');
    bench.run('DEL', key);
    bench.run('SELECT', '0');
  },
};

/** Declares the tests; see the head of this file. */
export function conformToSnapshots(subject: Subject): void {
  const { fixture } = subject;
  const changes = fixture.changes.map((change): [string, Act] => [
    shown(change('')),
    (bench, key) => bench.run(...change(key)),
  ]);
  const all: Act = (bench, key) => {
    for (const change of fixture.changes) bench.run(...change(key));
  };
  const acts: [string, Act][] = [...changes, ['all changes', all], ...Object.entries(ACTS)];

  describe.each(samplesByTier(fixture))('$name', (sample) => {
    const moments = MOMENTS.filter(([name]) => sample.isLong || !WITHIN.has(name));
    test.each(moments)('is saved as it was, whatever happens %s', (_, moment) => {
      const [bench, loaded] = [useBench(subject), useBench(subject)];
      saves(bench, loaded, sample, acts, moment);
      for (const act of Object.entries(ACTS_ON_ALL)) saves(bench, loaded, sample, [act], moment);
    });
  });

  const long = fixture.samples.filter(({ isLong }) => isLong);
  test.each(long)('$name: it is saved in several steps', (sample) => {
    let steps = 0;
    const moment: Moment = ({ slicesOfValue, isOver }) => {
      steps = slicesOfValue;
      return isOver;
    };
    const [bench, loaded] = [useBench(subject), useBench(subject)];
    saves(bench, loaded, sample, [['nothing', () => {}]], moment);
    expect(steps).toBeGreaterThan(5);
  });
}

/**
 * A snapshot is taken, and each act happens to a value of its own when its moment has come: all keys are saved as
 * they were at the beginning.
 */
function saves(
  bench: TypeBench,
  loaded: TypeBench,
  sample: Sample,
  acts: readonly (readonly [string, Act])[],
  moment: Moment,
): void {
  const { keyspace } = bench;
  for (let i = 0; i < OTHERS; i++) bench.run('SET', `other:${i}`, 'a string');
  for (const [name] of acts) bench.make(sample, name);
  bench.run('PEXPIRE', 'PERSIST', '50000');
  bench.make(sample, 'twin');
  const dump = bench.bytes('DUMP', 'twin');
  const [atStart, contents] = [bench.digests(), bench.contents('twin')];
  const { sink, end } = collector(keyspace);
  const snapshot = new Snapshot(keyspace, sink);
  const waiting = new Map(acts.map(([name, act]) => [name, { act, slicesOfValue: 0 }]));
  let isOver = false;
  for (let slices = 0; waiting.size > 0; slices++) {
    for (const [key, { act, slicesOfValue }] of waiting) {
      if (!moment({ slices, slicesOfValue, isOver })) continue;
      act(bench, key, dump);
      waiting.delete(key);
    }
    if (!isOver) isOver = !snapshot.work(AT_ONCE);
    for (const [key, facts] of waiting) {
      if (snapshot.isSaving(bench.ref(key))) facts.slicesOfValue++;
    }
  }
  while (keyspace.snapshot !== undefined) snapshot.work(AT_ONCE);
  load(end(), { keyspace: loaded.keyspace });
  expect(loaded.digests()).toEqual(atStart);
  expect(loaded.contents('twin')).toBe(contents);
  for (const [name] of acts) expect(loaded.contents(name), name).toBe(contents);
  for (const one of [bench, loaded]) one.empty();
}

function shown(line: readonly string[]): string {
  return line.map((word) => (word.length > 20 ? `${word.slice(0, 20)}…` : word)).join(' ');
}
