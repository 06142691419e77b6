// What a server is asked of a value without changing it, what it takes, and what makes another encoding of it.
import { describe, expect, test } from 'vitest';
import { FIRST_ROOT_ENCODING } from '../../../src/keyspace/collections.ts';
import { type Subject, useBench } from './bench.ts';

/** A key's place in the table, which MEMORY USAGE counts, and in the expiry heap. */
const SLOT_BYTES = 8;
const HEAP_BYTES = 12;

/** Declares the tests; see the head of this file. */
export function conformToQuestions(subject: Subject): void {
  const { type, types, fixture } = subject;
  const numbers = fixture.encodings ?? Object.keys(type.encodings).map(Number);
  const rootedEncodings = numbers.filter((number) => number >= FIRST_ROOT_ENCODING);

  test('every encoding has a value, and every one with a root a long one', () => {
    const sampled = new Set(fixture.samples.map(({ encoding }) => encoding));
    expect([...sampled].sort((a, b) => a - b)).toEqual(numbers);
    const long = new Set(
      fixture.samples.filter(({ isLong }) => isLong).map(({ encoding }) => encoding),
    );
    for (const rooted of rootedEncodings) expect(long).toContain(rooted);
  });

  describe.each(fixture.samples)('$name', (sample) => {
    test('is what it says', () => {
      const bench = useBench(subject);
      bench.make(sample, 'k');
      const name = type.encodings[sample.encoding];
      expect(bench.db.encodingOf(bench.ref('k'))).toBe(sample.encoding);
      expect(bench.text('OBJECT', 'ENCODING', 'k')).toBe(name);
      expect(bench.text('TYPE', 'k')).toBe(type.name);
      for (const other of types) {
        const found = bench.run('SCAN', '0', 'TYPE', other.name).includes('$1\r\nk\r\n');
        expect(found).toBe(other === type);
      }
      const debug = bench.text('DEBUG', 'OBJECT', 'k');
      expect(debug).toContain(` encoding:${name} `);
      expect(debug).toMatch(
        /^Value at:0x[0-9a-f]+ refcount:\d+ .* lru_seconds_idle:0(?: \w+:\S+)*$/,
      );
      expect(debug).toContain(` serializedlength:${bench.bytes('DUMP', 'k').length - 11} `);
    });

    test('takes the memory that it says', () => {
      const bench = useBench(subject);
      const before = bench.valueBytes;
      bench.make(sample, 'k');
      const footprint = bench.db.entries.footprintBytes(bench.ref('k'));
      expect(bench.valueBytes - before).toBe(footprint);
      expect(bench.text('MEMORY', 'USAGE', 'k')).toBe(String(footprint + SLOT_BYTES));
      bench.run('PEXPIRE', 'k', '1000');
      const expiring = bench.db.entries.footprintBytes(bench.ref('k'));
      expect(bench.valueBytes - before).toBe(expiring);
      expect(bench.text('MEMORY', 'USAGE', 'k')).toBe(String(expiring + SLOT_BYTES + HEAP_BYTES));
    });

    test('is changed by each change, and so is its digest', () => {
      const bench = useBench(subject);
      for (const change of fixture.changes) {
        bench.make(sample, 'k');
        const [digest, contents, { dirty }] = [
          bench.digest('k'),
          bench.contents('k'),
          bench.keyspace,
        ];
        bench.runAll([change('k')]);
        expect(bench.keyspace.dirty).toBeGreaterThan(dirty);
        if (sample.isLong) expect(bench.ref('k')).not.toBe(0);
        if (bench.ref('k') !== 0) {
          expect(bench.digest('k') === digest).toBe(bench.contents('k') === contents);
        }
        bench.run('DEL', 'k');
        bench.expectNoValues();
      }
      bench.empty();
    });
  });

  test.each(fixture.conversions)('$name: another encoding, the same key', (conversion) => {
    const bench = useBench(subject);
    const { db } = bench;
    const before = bench.valueBytes;
    bench.make(conversion, 'k');
    expect(db.encodingOf(bench.ref('k'))).toBe(conversion.from);
    bench.runAll(conversion.change('k'));
    expect(db.encodingOf(bench.ref('k'))).toBe(conversion.to);
    // Nothing is left of the other one, if need be after a while.
    bench.reclaim();
    expect(bench.valueBytes - before).toBe(db.entries.footprintBytes(bench.ref('k')));
    bench.run('DEL', 'k');
    bench.expectNoValues();
  });

  test('every encoding with a root is reached by a change of a value without one', () => {
    const reached = new Set(
      fixture.conversions.filter(({ from }) => from < FIRST_ROOT_ENCODING).map(({ to }) => to),
    );
    // A type may have no others.
    const encodings = Object.keys(type.encodings).map(Number);
    if (encodings.every((encoding) => encoding >= FIRST_ROOT_ENCODING)) return;
    for (const rooted of rootedEncodings) expect(reached).toContain(rooted);
  });
}
