// What must hold of every type of values, whatever it is: one suite, which is given the table of types and a fixture
// that makes and changes the values of one of them (conformance/fixture.ts). Each type runs it in its own folder; one
// that does not, or an encoding without a fixture, fails.
import { describe } from 'vitest';
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
import { conformToWaking } from './conformance/waking.ts';

/**
 * Declares the tests of a type.
 * @param types the table that it is in
 * @param fixture what makes its values
 */
export function conform(types: readonly ValueType[], fixture: TypeFixture): void {
  const type = types.find(({ name }) => name === fixture.type);
  if (type === undefined) throw new Error(`there is no type ${fixture.type}`);
  const subject: Subject = { types, type, fixture };
  describe(`the type ${type.name}`, () => {
    describe('is asked', () => conformToQuestions(subject));
    describe('goes elsewhere', () => conformToTransfers(subject));
    describe('is waited for', () => conformToWaking(subject));
    describe('is given back', () => conformToFreeing(subject));
    describe('in a snapshot', () => conformToSnapshots(subject));
    describe('in sparse pages', () => conformToRelocation(subject));
    // What is no type of Redis's has nothing there to be compared with.
    if (!fixture.isInRedis) return;
    describe.skipIf(!hasRedis)('in Redis', () => conformToRedis(subject));
  });
}
