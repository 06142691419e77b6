// What must hold of every type of values, whatever it is: one suite, which is given the table of types and for each
// of them a fixture that makes and changes its values (conformance/fixture.ts). A type or an encoding without a
// fixture fails.
import { describe, expect, test } from 'vitest';
import type { ValueType } from '../../src/keyspace/value-type.ts';
import { hasRedis } from '../support/needs-redis.ts';
import type { Subject } from './conformance/bench.ts';
import type { TypeFixture } from './conformance/fixture.ts';
import { conformToFreeing } from './conformance/freeing.ts';
import { conformToRedis } from './conformance/oracle.ts';
import { conformToQuestions } from './conformance/questions.ts';
import { conformToRelocation } from './conformance/relocation.ts';
import { conformToSnapshots } from './conformance/snapshots.ts';
import { conformToTransfers } from './conformance/transfers.ts';

/**
 * Declares the tests of types.
 * @param types the table
 * @param fixtures one for each type
 */
export function conform(types: readonly ValueType[], fixtures: readonly TypeFixture[]): void {
  test('every type has a fixture', () => {
    const names = types.map(({ name }) => name).sort();
    expect(fixtures.map(({ type }) => type).sort()).toEqual(names);
  });

  for (const type of types) {
    const fixture = fixtures.find((one) => one.type === type.name);
    if (fixture === undefined) continue;
    const subject: Subject = { types, type, fixture };
    describe(`the type ${type.name}`, () => {
      describe('is asked', () => conformToQuestions(subject));
      describe('goes elsewhere', () => conformToTransfers(subject));
      describe('is given back', () => conformToFreeing(subject));
      describe('in a snapshot', () => conformToSnapshots(subject));
      describe('in sparse pages', () => conformToRelocation(subject));
      // What is no type of Redis's has nothing there to be compared with.
      if (!fixture.isInRedis) return;
      describe.skipIf(!hasRedis)('in Redis', () => conformToRedis(subject));
    });
  }
}
