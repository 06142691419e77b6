// Key plans: for every command, and for key specs of any form, a cursor finds the keys that a plain reading of
// the specs finds (key-interpreter.ts), and allocates nothing.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { families } from '../../src/commands/index.ts';
import { CommandTable } from '../../src/core/command-table.ts';
import { KeyCursor } from '../../src/core/key-cursor.ts';
import {
  KEYS_IN_RANGE,
  KEYS_NUMBERED,
  KEYS_SEARCHED,
  KeyPlan,
  MAX_KEY_GROUPS,
  NO_KEYS,
  namesKeys,
} from '../../src/core/key-plan.ts';
import {
  KEY_FLAG_NAMES,
  type KeySpec,
  keyAt,
  keyFlagBits,
  keyRange,
  keysAfter,
  keysCounted,
} from '../../src/core/key-specs.ts';
import { Request } from '../../src/protocol/request.ts';
import { allocatedBytes } from '../support/heap.ts';
import { type InterpretedKey, interpretKeys } from './key-interpreter.ts';

const REQUESTS_PER_COMMAND = 200;
/** Words that options and numbers of keys are made of, keywords of key specs among them, and others. */
const WORDS = ['0', '1', '2', '3', '12', '-1', '01', '1e9', '9007199254740993', 'KEYS', 'Streams'];
const MORE_WORDS = ['store', 'GET', 'auth', 'AUTH2', 'copy', 'a', 'b', ''];

const table = new CommandTable(families);
const cursor = new KeyCursor();

/** What a cursor finds; undefined when it says that the keys are not all there. */
function foundBy(plan: KeyPlan, request: Request): InterpretedKey[] | undefined {
  const isWhole = cursor.begin(plan, request);
  const keys: InterpretedKey[] = [];
  for (let position = cursor.next(); position !== 0; position = cursor.next()) {
    const bits = cursor.flags(request);
    const flags = KEY_FLAG_NAMES.filter((_, bit) => (bits & (1 << bit)) !== 0);
    keys.push({ position, flags });
  }
  // And it stays at the end.
  expect(cursor.next()).toBe(0);
  if (!isWhole) expect(keys).toEqual([]);
  return isWhole ? keys : undefined;
}

const word = fc.constantFrom(...WORDS, ...MORE_WORDS);

describe('a plan finds the keys that the key specs tell', () => {
  test.each([...table.runnable()].map((command) => [command.fullName, command] as const))(
    '%s',
    (_, { arity, keys, keyPlan, slotPlan, parent }) => {
      const names = parent === undefined ? 1 : 2;
      const least = Math.max(0, Math.abs(arity) - names);
      const most = arity < 0 ? least + 8 : least;
      const args = fc.array(word, { minLength: least, maxLength: most, size: 'max' });
      let found = 0;
      fc.assert(
        fc.property(args, (words) => {
          const request = Request.of([...Array(names).fill('name'), ...words]);
          const expected = interpretKeys(keys.filter(namesKeys), request);
          expect(foundBy(keyPlan, request)).toEqual(expected);
          expect(foundBy(slotPlan, request)).toEqual(interpretKeys(keys, request));
          found += expected?.length ?? 0;
        }),
        { numRuns: REQUESTS_PER_COMMAND, seed: 11 },
      );
      // The requests are such that there is something to find.
      expect(found > 0).toBe(keyPlan.hasKeys);
    },
  );

  test('key specs of any form', () => {
    const step = fc.integer({ min: 1, max: 3 });
    const search = fc.oneof(
      fc.record({ kind: fc.constant('index' as const), index: fc.integer({ min: 1, max: 4 }) }),
      fc.record({
        kind: fc.constant('keyword' as const),
        keyword: fc.constantFrom('KEYS', 'STREAMS', 'store'),
        // The last argument has no key behind it: nobody searches from there.
        startFrom: fc.constantFrom(-3, -2, 1, 2, 3),
      }),
      fc.record({ kind: fc.constant('unknown' as const) }),
    );
    const extent = fc.oneof(
      fc.record({
        kind: fc.constant('range' as const),
        lastKey: fc.integer({ min: -3, max: 3 }),
        step,
        limit: fc.integer({ min: 0, max: 3 }),
      }),
      fc.record({
        kind: fc.constant('keynum' as const),
        keyNumIndex: fc.integer({ min: 0, max: 2 }),
        firstKey: fc.integer({ min: 1, max: 2 }),
        step,
      }),
    );
    const flags = fc.subarray([...KEY_FLAG_NAMES]);
    const spec: fc.Arbitrary<KeySpec> = fc.record({ flags, search, extent });
    const kinds = new Set<number>();
    let [whole, wrong] = [0, 0];
    fc.assert(
      fc.property(
        fc.array(spec, { maxLength: 4 }),
        fc.array(word, { minLength: 4, maxLength: 14, size: 'max' }),
        (specs, words) => {
          const request = Request.of(['name', ...words]);
          const plan = new KeyPlan(specs);
          const expected = interpretKeys(specs, request);
          expect(foundBy(plan, request)).toEqual(expected);
          for (const { kind } of [plan.first, ...plan.more]) kinds.add(kind);
          if (expected === undefined) wrong++;
          else if (expected.length > 0) whole++;
        },
      ),
      { numRuns: 5000, seed: 3 },
    );
    expect([...kinds].sort()).toEqual([NO_KEYS, KEYS_IN_RANGE, KEYS_NUMBERED, KEYS_SEARCHED]);
    expect(Math.min(whole, wrong)).toBeGreaterThan(500);
  });
});

describe('a plan', () => {
  const planOf = (name: string) => table.byName(name)?.keyPlan;

  test('is integers where integers suffice', () => {
    expect(planOf('get')?.first).toMatchObject({ kind: KEYS_IN_RANGE, first: 1, last: 1, step: 1 });
    expect(planOf('mset')?.first).toMatchObject({
      kind: KEYS_IN_RANGE,
      first: 1,
      last: -1,
      step: 2,
    });
    expect(planOf('blmpop')?.first).toMatchObject({ kind: KEYS_NUMBERED, first: 3, numberAt: 2 });
    expect(planOf('migrate')?.first.kind).toBe(KEYS_SEARCHED);
    const kinds = [...table.runnable()].flatMap(({ keyPlan }) =>
      [keyPlan.first, ...keyPlan.more].map(({ kind }) => kind),
    );
    // Those of MIGRATE, SORT, SORT_RO, GEORADIUS, GEORADIUSBYMEMBER, XREAD and XREADGROUP.
    expect(kinds.filter((kind) => kind === KEYS_SEARCHED).length).toBe(11);
  });

  test('is exact unless the command may look at other keys', () => {
    for (const name of ['get', 'mset', 'lmpop', 'copy', 'migrate', 'object|encoding']) {
      expect(planOf(name)?.isExact, name).toBe(true);
    }
    for (const name of [
      'flushall',
      'keys',
      'sort',
      'sort_ro',
      'exec',
      'ping',
      'object',
      'spublish',
    ]) {
      expect(planOf(name)?.isExact, name).toBe(false);
    }
    const incomplete = new KeyPlan([keyAt(1, 'RO'), keysAfter('STORE', 2, 'OW', 'incomplete')]);
    expect([incomplete.hasKeys, incomplete.isExact]).toEqual([true, false]);
  });

  test('has no shard channels, which only have a slot', () => {
    const request = Request.of(['SPUBLISH', 'channel', 'message']);
    const command = table.find(request);
    expect(command?.keyPlan.hasKeys).toBe(false);
    expect(foundBy(command?.keyPlan ?? new KeyPlan([]), request)).toEqual([]);
    expect(foundBy(command?.slotPlan ?? new KeyPlan([]), request)).toEqual([
      { position: 1, flags: ['not_key'] },
    ]);
  });

  test('refuses more key specs than a cursor has room for', () => {
    const specs = (count: number) => Array.from({ length: count }, () => keyAt(1, 'RO'));
    const request = Request.of(['name', 'key']);
    expect(foundBy(new KeyPlan(specs(MAX_KEY_GROUPS)), request)).toHaveLength(MAX_KEY_GROUPS);
    expect(() => new KeyPlan(specs(MAX_KEY_GROUPS + 1))).toThrow(RangeError);
  });
});

test('flags are bits in the order of COMMAND INFO', () => {
  expect(keyFlagBits()).toBe(0);
  expect(keyFlagBits('RO', 'access', 'variable_flags')).toBe(1 + 16 + 1024);
});

test('walking over keys allocates nothing', () => {
  const specs: KeySpec[][] = [
    [],
    [keyAt(1, 'RO')],
    [keyRange(1, -1, 2, 'OW')],
    [keysCounted(1, 'RO')],
    [keyAt(1, 'OW'), keysCounted(1, 'RO'), keyAt(3, 'RO')],
    [keysAfter('STREAMS', 1, 'RO'), keysAfter('STREAMS', -2, 'RO')],
    [{ ...keyAt(1, 'RO'), locate: (_, range) => (range.first = range.last = 2), flagsOf: () => 3 }],
  ];
  const plans = specs.map((list) => new KeyPlan(list));
  const request = Request.of(['name', '2', 'b', 'streams', 'd', 'e', 'f']);
  let sum = 0;
  const walk = (): void => {
    for (let i = 0; i < plans.length; i++) {
      cursor.begin(plans[i], request);
      for (let at = cursor.next(); at !== 0; at = cursor.next()) sum += at + cursor.flags(request);
    }
  };
  // Even a word for each walk would be 24 KB and more.
  expect(allocatedBytes(walk, 3000)).toBeLessThan(8 * 1024);
  expect(sum).toBeGreaterThan(0);
});
