// Prefixes and their followers, held to a model that looks at every prefix.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findOverlap, PrefixTable } from '../../src/tracking/prefix-table.ts';
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
          table.follow(trackers[one.who], one.text);
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
        const followed = trackers.map(({ prefixes }) => [...prefixes].sort());
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

test('an overlap is found exactly when some key has two of the prefixes', () => {
  let overlaps = 0;
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 3 }),
      fc.array(text, { maxLength: 3 }),
      (old, fresh) => {
        const found = findOverlap(old, fresh);
        const longest = 'ab\xff';
        const keys = [...longest].flatMap((a) =>
          [...longest].flatMap((b) => [...longest].map((c) => a + b + c)),
        );
        const has = (key: string, prefixes: readonly string[]): number =>
          prefixes.filter((prefix) => key.startsWith(prefix)).length;
        const expected = keys.some(
          (key) => has(key, fresh) > 1 || (has(key, fresh) > 0 && has(key, old) > 0),
        );
        expect(found !== undefined).toBe(expected);
        if (found === undefined) return;
        overlaps++;
        expect(found.existing ? old : fresh).toContain(found.other);
        expect(found.prefix.startsWith(found.other) || found.other.startsWith(found.prefix)).toBe(
          true,
        );
      },
    ),
  );
  expect(overlaps).toBeGreaterThan(10);
});
