// A value that takes several steps to be saved is in the snapshot as it was when that began, whatever is
// done to it in between: every kind of change is aimed at values that are half saved.
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  Snapshot,
  type SnapshotSink,
  type SnapshotSource,
} from '../../../src/keyspace/snapshot.ts';
import { Random } from '../../support/random.ts';
import { byTier, isFullTier } from '../../support/tier.ts';
import { load } from '../rdb/loading.ts';
import { CommandBench } from './command-bench.ts';
import { collector, digests, laterKeyspace } from './snapshot-files.ts';

const FOREVER = Number.POSITIVE_INFINITY;
/** A slice as small as can be. */
const AT_ONCE = -1;

/** A sink, with the bench aimed at the value that is half saved, until something is about to change it. */
class AimingSink implements SnapshotSink {
  /** Whether something was about to change the value that was half saved. */
  hasHit = false;
  readonly #sink: SnapshotSink;
  readonly #bench: CommandBench;

  constructor(sink: SnapshotSink, bench: CommandBench) {
    this.#sink = sink;
    this.#bench = bench;
  }

  get isBusy(): boolean {
    return this.#sink.isBusy;
  }

  entry(source: SnapshotSource, ref: number): void {
    this.#sink.entry(source, ref);
  }

  entries(source: SnapshotSource, refs: Int32Array, from: number, count: number): number {
    const next = this.#sink.entries(source, refs, from, count);
    if (this.isBusy) {
      const [db] = this.#bench.keyspace.databases;
      this.#bench.target = db
        .key(refs[next - 1])
        .copy()
        .toString('latin1');
      this.#bench.run('SELECT', String(source.index));
    }
    return next;
  }

  detach(): void {
    this.hasHit = true;
    this.#bench.target = undefined;
    this.#sink.detach();
  }

  step(): boolean {
    const isBusy = this.#sink.step();
    if (!isBusy) this.#bench.target = undefined;
    return isBusy;
  }
}

const NOISE = randomBytes(300_000);
const MIXED = Buffer.concat([Buffer.alloc(150_000, 'compressible '), NOISE.subarray(0, 150_000)]);

/** Every kind of change of a string, of a list, and of either, which is `it`; `other` has a large one, too. */
const CHANGES: Record<'string' | 'list' | 'stream' | 'any', readonly string[]> = {
  string: [
    ...['SET it x', 'SET it B', 'SET it x KEEPTTL', 'SETEX it 9 x', 'PSETEX it 9 x', 'GETSET it x'],
    ...['GETDEL it', 'GETEX it EX 9', 'MSET a x it B', 'APPEND it x', 'APPEND it B'],
    ...['SETRANGE it 0 x', 'SETRANGE it 65535 xyz', 'SETRANGE it 1000 B', 'SETRANGE it 299999 xyz'],
    ...['SETRANGE it 131072 x', 'SETRANGE it 400000 x', 'SETRANGE it 2000000 x'],
  ],
  list: [
    ...['LPUSH it x', 'RPUSH it x', 'LPUSHX it B', 'RPUSHX it B', 'LPOP it', 'RPOP it 900'],
    ...['LSET it 0 x', 'LSET it -1 x', 'LSET it 1000 B', 'LINSERT it AFTER a x', 'LREM it 0 a'],
    ...['LTRIM it 5 -5', 'LTRIM it 1 2', 'LMOVE it new LEFT RIGHT', 'LMOVE new it LEFT LEFT'],
    ...['RPOPLPUSH it it', 'LMPOP 1 it RIGHT COUNT 500'],
  ],
  stream: [
    ...['XADD it * f x', 'XADD it * f B', 'XADD it MAXLEN 900 * f x', 'XADD it MAXLEN ~ 9 * f B'],
    ...['XDEL it 1-0', 'XDEL it 500-0 501-0 1000-0', 'XTRIM it MAXLEN 1', 'XTRIM it MAXLEN ~ 500'],
    ...['XTRIM it MINID 997', 'XSETID it 9000-0', 'XDELEX it DELREF IDS 2 5-0 6-0'],
    ...['XGROUP CREATE it h 0', 'XGROUP DESTROY it g', 'XGROUP SETID it g 7', 'XACK it g 1-0 5-0'],
    ...['XGROUP CREATECONSUMER it g d', 'XGROUP DELCONSUMER it g a', 'XACKDEL it g IDS 1 300-0'],
    ...['XREADGROUP GROUP g d COUNT 2 STREAMS it >', 'XREADGROUP GROUP g d STREAMS it >'],
    ...['XREADGROUP GROUP g a COUNT 9 STREAMS it 0', 'XCLAIM it g d 0 1-0 200-0 399-0'],
    ...['XAUTOCLAIM it g d 0 0 COUNT 300', 'XCLAIM it g a 0 900-0 FORCE LASTID 990-0'],
    ...['XREADGROUP GROUP g d NOACK COUNT 5 STREAMS it >', 'XRETAIN it MAXLEN 9'],
  ],
  any: [
    ...[
      'DEL it',
      'UNLINK a it',
      'RENAME it new',
      'RENAME other it',
      'RENAMENX it new-er',
      'MOVE it 1',
    ],
    ...[
      'COPY other it REPLACE',
      'RESTORE it 0 D REPLACE',
      'EXPIRE it 9',
      'PEXPIRE it 1',
      'EXPIREAT it 1',
    ],
    ...['PEXPIREAT it 1', 'PERSIST it', 'FLUSHDB', 'FLUSHALL', 'SWAPDB 0 1', 'expiry', 'eviction'],
  ],
};

const STEPS = [1, 3];

/** Each change after either number of steps, or in reduced rounds by turns. */
const cases = (['string', 'list', 'stream'] as const).flatMap((type) =>
  [...CHANGES[type], ...CHANGES.any].flatMap((line, i) =>
    STEPS.filter((_, which) => isFullTier || which === i % STEPS.length).map((steps) => ({
      type,
      line,
      steps,
    })),
  ),
);

test.each(cases)(
  '$line changes nothing of a $type, $steps steps saved',
  ({ type, line, steps }) => {
    const bench = new CommandBench(new Random(steps));
    const { keyspace } = bench;
    makeLarge(bench, type, steps);
    const before = digests(keyspace);
    const { sink, end } = collector(keyspace);
    const aiming = new AimingSink(sink, bench);
    const snapshot = new Snapshot(keyspace, aiming);
    while (bench.target !== 'it') expect(snapshot.work(AT_ONCE)).toBe(true);
    for (let i = 1; i < steps; i++) snapshot.work(AT_ONCE);
    change(bench, line);
    // Whatever takes the place of all is of no concern, nor is a value there.
    expect(aiming.hasHit).toBe(!/^(FLUSH|SWAP)/.test(line));
    // Memory that was given back is used again at once.
    while (keyspace.reclaim(FOREVER));
    bench.run('RPUSH', 'after', ...Array.from({ length: 600 }, () => 'y'.repeat(200)));
    // More of them, before the rest is saved; also in other memory that the value may have got.
    for (let i = 0; i < 3; i++) {
      snapshot.work(AT_ONCE);
      change(bench, line);
      bench.run('SETRANGE', 'it', '100000', 'changed');
      bench.run('LSET', 'it', '700', 'changed');
      bench.run('APPEND', 'other', 'changed');
      bench.run('SET', 'small', 'changed');
    }
    snapshot.work(FOREVER);
    expect(digests(load(end(), { keyspace: laterKeyspace(keyspace) }).keyspace)).toEqual(before);
    expect(snapshot.saved).toBe(snapshot.keys);
    bench.expectNothingKept();
  },
);

/** Makes large values, and some small ones. */
function makeLarge(bench: CommandBench, type: 'string' | 'list' | 'stream', seed: number): void {
  if (type === 'stream') {
    makeStream(bench, seed);
  } else if (type === 'string') {
    for (const key of ['it', 'other']) bench.run('SET', key, seed === 1 ? NOISE : MIXED);
  } else {
    bench.run('RPUSH', 'it', 'a', ...Array.from({ length: 1000 }, (_, i) => `${i}`.padEnd(200)));
    if (seed !== 1) bench.run('LPUSH', 'it', MIXED, 'a');
    bench.run('RPUSH', 'other', 'a', 'b');
  }
  bench.run('PEXPIRE', 'it', '5000');
  bench.run('RPUSH', 'new', 'x', 'y', 'z');
  if (seed === 1) bench.fill(100);
}

/** A stream of a thousand entries, of which a group was given the first four hundred. */
function makeStream(bench: CommandBench, seed: number): void {
  for (let i = 1; i <= 1000; i++) bench.run('XADD', 'it', `${i}-0`, 'f', `${i}`.padEnd(200));
  if (seed !== 1) bench.run('XADD', 'it', '1001-0', 'f', MIXED);
  for (const key of ['it', 'other']) bench.run('XGROUP', 'CREATE', key, 'g', '0', 'MKSTREAM');
  bench.run(...'XREADGROUP GROUP g a COUNT 300 STREAMS it >'.split(' '));
  bench.run(...'XREADGROUP GROUP g b COUNT 100 STREAMS it >'.split(' '));
}

function change(bench: CommandBench, line: string): void {
  if (line === 'expiry') bench.pass(6000);
  else if (line === 'eviction') bench.evict(1000);
  else
    bench.run(
      ...line.split(' ').map((word) => (word === 'B' ? MIXED : word === 'D' ? bench.dump : word)),
    );
}

test.each(Array.from({ length: byTier(2, 6) }, (_, seed) => seed))(
  'nor does anything that is done at random (seed %i)',
  (seed) => {
    const random = new Random(seed);
    const bench = new CommandBench(random, { isLarge: true });
    const { keyspace } = bench;
    for (let round = 0; round < 3; round++) {
      bench.fillLarge();
      for (let i = 0; i < 20; i++) bench.step();
      keyspace.expireDue(FOREVER);
      const before = digests(keyspace);
      const { sink, end } = collector(keyspace);
      const snapshot = new Snapshot(keyspace, new AimingSink(sink, bench));
      const aims = random.pick([0.3, 1]);
      const chance = random.pick([0, 0.05, 0.5]);
      while (snapshot.work(AT_ONCE)) {
        if (bench.target !== undefined && random.chance(aims)) bench.aim();
        else if (random.chance(chance)) bench.step();
      }
      const { keyspace: loaded } = load(end(), { keyspace: laterKeyspace(keyspace) });
      expect(digests(loaded)).toEqual(before);
      expect(snapshot.saved).toBe(snapshot.keys);
    }
    bench.expectNothingKept();
  },
  60_000,
);
