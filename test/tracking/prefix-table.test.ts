// Prefixes and their followers, held to a model that looks at every prefix.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findOverlap, PrefixTable, prefixBytes } from '../../src/tracking/prefix-table.ts';
import { SortedTexts } from '../../src/tracking/sorted-texts.ts';
import { NO_LOOP, Tracker } from '../../src/tracking/tracker.ts';
import { FakeClient } from './fake-client.ts';

const COUNT = 3;
const text = fc.string({ unit: fc.constantFrom('a', 'b', '\xff'), maxLength: 3 });
const who = fc.integer({ min: 0, max: COUNT - 1 });
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('follow' as const), who, text }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), who }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('note' as const),
      who: fc.option(who, { nil: undefined }),
      text,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('broadcast' as const) }) },
);

test('equals a list of prefixes, each with the keys modified under it', () => {
  let told = 0;
  let rejected = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 80, size: 'max' }), (steps) => {
      const table = new PrefixTable();
      const trackers = Array.from({ length: COUNT }, (_, i) => new Tracker(new FakeClient(i), i));
      // The last one does not want to hear of itself.
      trackers[COUNT - 1].flags = NO_LOOP;
      const model = new Map<string, { who: Set<number>; keys: Map<string, number | undefined> }>();
      for (const one of steps) {
        if (one.kind === 'follow') {
          // It follows what does not overlap only.
          const { prefixes } = trackers[one.who];
          if (findOverlap(prefixes, [one.text]) !== undefined) continue;
          table.follow(trackers[one.who], [one.text]);
          if (!model.has(one.text)) model.set(one.text, { who: new Set(), keys: new Map() });
          model.get(one.text)?.who.add(one.who);
        } else if (one.kind === 'leave') {
          table.leave(trackers[one.who]);
          for (const [prefix, entry] of model) {
            entry.who.delete(one.who);
            if (entry.who.size === 0) model.delete(prefix);
          }
        } else if (one.kind === 'note') {
          const modifier = one.who === undefined ? undefined : trackers[one.who].client;
          const under = [...model].filter(([prefix]) => one.text.startsWith(prefix));
          for (const [, entry] of under) entry.keys.set(one.text, one.who);
          const bytes = Buffer.from(`<${one.text}`, 'latin1');
          // A key that cannot have a prefix is never noted.
          const mayHave = table.mayHave(bytes, 1, bytes.length - 1);
          if (!mayHave) expect(under).toEqual([]);
          rejected += mayHave ? 0 : 1;
          expect(table.note(one.text, modifier)).toBe(under.length > 0);
        } else {
          const heard = trackers.map((): string[] => []);
          table.broadcast((tracker, { push }) => {
            heard[tracker.number].push(push.toString('latin1'));
          });
          const expected = trackers.map(({ number }) => expectedOf(model, number));
          expect(heard).toEqual(expected);
          told += heard.flat().length;
          for (const entry of model.values()) entry.keys.clear();
        }
        expect(table.size).toBe(model.size);
        const followed = trackers.map(({ prefixes }) => [...prefixes]);
        const charged = trackers.map(
          ({ client }) => client instanceof FakeClient && client.heapBytes,
        );
        expect(charged).toEqual(
          followed.map((own) => own.reduce((sum, prefix) => sum + prefixBytes(prefix.length), 0)),
        );
        expect(followed).toEqual(
          trackers.map(({ number }) =>
            [...model]
              .filter(([, entry]) => entry.who.has(number))
              .map(([prefix]) => prefix)
              .sort(),
          ),
        );
      }
    }),
    { numRuns: 200 },
  );
  expect(told).toBeGreaterThan(100);
  expect(rejected).toBeGreaterThan(100);
});

function expectedOf(
  model: ReadonlyMap<string, { who: Set<number>; keys: Map<string, number | undefined> }>,
  number: number,
): string[] {
  return [...model]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .filter(([, entry]) => entry.who.has(number))
    .map(([, { keys }]) =>
      [...keys]
        .filter(([, modifier]) => number !== COUNT - 1 || modifier !== number)
        .map(([key]) => key)
        .sort(),
    )
    .filter((keys) => keys.length > 0)
    .map((keys) => {
      const bulks = keys.map((key) => `$${key.length}\r\n${key}\r\n`).join('');
      return `>2\r\n$10\r\ninvalidate\r\n*${keys.length}\r\n${bulks}`;
    });
}

/** As Redis looks for it: each prefix in its order, among the existing ones and then those after it. */
function overlapByWalking(existing: readonly string[], fresh: readonly string[]): unknown {
  const overlaps = (a: string, b: string) => a.startsWith(b) || b.startsWith(a);
  for (const [i, prefix] of fresh.entries()) {
    const before = existing.find((other) => overlaps(prefix, other));
    if (before !== undefined) return { prefix, other: before, existing: true };
    const beside = fresh.slice(i + 1).find((other) => overlaps(prefix, other));
    if (beside !== undefined) return { prefix, other: beside, existing: false };
  }
  return undefined;
}

test('the overlap that is found is the one that walking finds', () => {
  const outcomes = { none: 0, existing: 0, beside: 0 };
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 4 }),
      fc.array(text, { maxLength: 8 }),
      fc.boolean(),
      (old, fresh, hasEmpty) => {
        // What a client follows already does not overlap.
        const existing: string[] = [];
        for (const one of old) {
          if (overlapByWalking(existing, [one]) === undefined) existing.push(one);
          existing.sort();
        }
        const known = new SortedTexts();
        for (const one of existing) known.insert(one);
        if (hasEmpty && !known.has('')) {
          known.insert('');
          existing.unshift('');
        }
        expect([...known]).toEqual(existing);
        const expected = overlapByWalking(existing, fresh);
        const found = findOverlap(known, fresh);
        expect(found).toEqual(expected);
        if (found === undefined) outcomes.none++;
        else outcomes[found.existing ? 'existing' : 'beside']++;
      },
    ),
    { numRuns: 3000 },
  );
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(100);
});

test('a hundred thousand prefixes are no work of minutes', () => {
  const fresh = Array.from({ length: 100_000 }, (_, i) => `prefix:${i}:`);
  expect(findOverlap(undefined, fresh)).toBeUndefined();
  expect(findOverlap(undefined, [...fresh, 'prefix:99999:x'])).toEqual({
    prefix: 'prefix:99999:',
    other: 'prefix:99999:x',
    existing: false,
  });
  const table = new PrefixTable();
  const tracker = new Tracker(new FakeClient(1), 1);
  table.follow(tracker, fresh);
  for (let i = 0; i < 50_000; i++) {
    const one = `other:${i}:`;
    if (findOverlap(tracker.prefixes, [one]) !== undefined) throw new Error(one);
    table.follow(tracker, [one]);
  }
  expect([...tracker.prefixes]).toEqual([...tracker.prefixes].sort());
  expect(table.size).toBe(150_000);
  let told = 0;
  // Nobody walks all of them because something was modified.
  for (let i = 0; i < 20_000; i++) {
    table.note(`other:${i}:key`, undefined);
    table.broadcast(() => told++);
  }
  expect(told).toBe(20_000);
  table.leave(tracker);
  expect(table.size).toBe(0);
});
