// Ranges by members of sorted sets whose scores differ, so that members are in no order: where they begin is where a
// search for one limit comes out, and no member is answered or removed that is beyond the other.
import { describe, expect, test } from 'vitest';
import { families } from '../../../src/commands/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { Random } from '../../support/random.ts';
import { TestServer } from '../../support/test-call.ts';
import { byTier } from '../../support/tier.ts';

const MEMBERS = 400;
const LETTERS = [...'abcdefghij'];

/** A server with a sorted set `z` of random members, none of which has another's score. */
function filled(random: Random) {
  const server = new TestServer(families.flat(), { config: loadConfig({ settings: [] }) });
  const client = server.connect();
  const run = (...words: string[]) => server.run(client, ...words);
  for (let score = 0; score < MEMBERS; score++) run('ZADD', 'z', String(score), name(random));
  /** The items of a reply of members. */
  const ask = (...words: string[]): string[] =>
    run(...words)
      .split('\r\n')
      .filter((line) => /^[a-j]/.test(line));
  return { run, ask };
}

function name(random: Random): string {
  return Array.from({ length: 4 }, () => random.pick(LETTERS)).join('');
}

describe('ranges by members in no order', () => {
  test.each(Array.from({ length: byTier(20, 200) }, (_, seed) => seed))('seed %i', (seed) => {
    const random = new Random(seed);
    const { run, ask } = filled(random);
    const [min, max] = [name(random), name(random)].sort();
    const forwards = ask('ZRANGEBYLEX', 'z', `[${min}`, `(${max}`);
    const backwards = ask('ZREVRANGEBYLEX', 'z', `(${max}`, `[${min}`);
    expect(forwards.filter((member) => member >= max)).toEqual([]);
    expect(backwards.filter((member) => member < min)).toEqual([]);
    if (forwards.length > 0) expect(forwards[0] >= min).toBe(true);
    if (backwards.length > 0) expect(backwards[0] < max).toBe(true);

    expect(ask('ZRANGEBYLEX', 'z', `[${min}`, `(${max}`, 'LIMIT', '1', '3')).toEqual(
      forwards.slice(1, 4),
    );
    expect(ask('ZREVRANGEBYLEX', 'z', `(${max}`, `[${min}`, 'LIMIT', '1', '3')).toEqual(
      backwards.slice(1, 4),
    );
    expect(run('ZLEXCOUNT', 'z', `[${min}`, `(${max}`)).toBe(`:${forwards.length}\r\n`);

    const others = ask('ZRANGE', 'z', '0', '-1').filter((member) => !forwards.includes(member));
    expect(run('ZREMRANGEBYLEX', 'z', `[${min}`, `(${max}`)).toBe(`:${forwards.length}\r\n`);
    expect(ask('ZRANGE', 'z', '0', '-1')).toEqual(others);
  });
});
