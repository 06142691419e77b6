// When a process gives memory back, second by second, on made-up figures.
import { expect, test } from 'vitest';
import { type ReleaseAction, ReleasePolicy } from '../../src/memory/release-policy.ts';

const MIB = 1024 * 1024;
const NOTHING = 'nothing';
const FIRST_HALF = ['collect', 'trim', NOTHING, NOTHING, NOTHING];
const SECOND_HALF = ['collect', 'trim', NOTHING];

/** What the policy says in so many seconds with so many MiB. */
function run(policy: ReleasePolicy, seconds: number, mib: number, isIdle: boolean): string[] {
  return Array.from({ length: seconds }, (): ReleaseAction => policy.next(mib * MIB, isIdle));
}

/** The collections in what a policy said. */
function collections(actions: readonly string[]): number {
  return actions.filter((action) => action === 'collect').length;
}

test('a little more than at the start is nothing to give back', () => {
  const policy = new ReleasePolicy(60 * MIB);
  expect(collections(run(policy, 500, 67, true))).toBe(0);
});

test('what is too much after two quiet seconds is given back', () => {
  const policy = new ReleasePolicy(60 * MIB);
  // The first second is no quiet one: memory has changed.
  expect(run(policy, 3, 80, true)).toEqual([NOTHING, NOTHING, 'collect']);
  expect(run(policy, 5, 62, true)).toEqual([...FIRST_HALF.slice(1), NOTHING]);
  expect(collections(run(policy, 30, 62, true))).toBe(0);
});

test('what a collection did not give back, another one does five seconds later', () => {
  const policy = new ReleasePolicy(60 * MIB);
  const said = run(policy, 10, 80, true);
  expect(said).toEqual([NOTHING, NOTHING, ...FIRST_HALF, ...SECOND_HALF]);
});

test('a second with commands, or in which memory changes, is not a quiet one', () => {
  const policy = new ReleasePolicy(60 * MIB);
  run(policy, 2, 80, true);
  expect(run(policy, 1, 80, false)).toEqual([NOTHING]);
  expect(run(policy, 1, 80, true)).toEqual([NOTHING]);
  expect(run(policy, 1, 83, true)).toEqual([NOTHING]);
  expect(run(policy, 2, 83, true)).toEqual([NOTHING, 'collect']);
});

test('an attempt in vain raises the level; a minute later there is another', () => {
  const policy = new ReleasePolicy(60 * MIB);
  expect(collections(run(policy, 10, 80, true))).toBe(2);
  expect(collections(run(policy, 59, 80, true))).toBe(0);
  expect(collections(run(policy, 8, 80, true))).toBe(2);
  expect(collections(run(policy, 11, 89, true))).toBe(2);
});

test('what grows during an attempt is given back by the next one', () => {
  const policy = new ReleasePolicy(60 * MIB);
  expect(run(policy, 3, 80, true).at(-1)).toBe('collect');
  expect(run(policy, 1, 65, true)).toEqual(['trim']);
  expect(run(policy, 6, 150, true)).toEqual([NOTHING, NOTHING, NOTHING, ...SECOND_HALF]);
  expect(run(policy, 2, 150, true)).toEqual([NOTHING, 'collect']);
});

test('the level falls to the least that was seen', () => {
  const policy = new ReleasePolicy(60 * MIB);
  run(policy, 10, 50, true);
  expect(run(policy, 3, 59, true).at(-1)).toBe('collect');
});

test('a busy server is not held up unless very much can be had, for long', () => {
  const policy = new ReleasePolicy(60 * MIB);
  expect(collections(run(policy, 100, 120, false))).toBe(0);
  expect(collections(run(policy, 14, 130, false))).toBe(0);
  expect(run(policy, 5, 130, false)).toEqual(FIRST_HALF);
});
