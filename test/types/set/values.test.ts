// Sets against JavaScript's, by random commands on a few of them, with limits that make each encoding of each size.
import { expect, test } from 'vitest';
import { families } from '../../../src/commands/index.ts';
import { setsOf } from '../../../src/types/set/set-tables.ts';
import { Random } from '../../support/random.ts';
import { TestServer } from '../../support/test-call.ts';
import { byTier } from '../../support/tier.ts';

const ROUNDS = byTier(1500, 10_000);
const KEYS = ['a', 'b', 'c', 'd'];
const LIMITS = [
  { intsetEntries: 512, packedEntries: 0, packedValueBytes: 64 },
  { intsetEntries: 10, packedEntries: 0, packedValueBytes: 64 },
  { intsetEntries: 10, packedEntries: 8, packedValueBytes: 8 },
  { intsetEntries: 0, packedEntries: 20, packedValueBytes: 64 },
  { intsetEntries: 40, packedEntries: 40, packedValueBytes: 64 },
];

type Model = Map<string, Set<string>>;

function memberOf(random: Random, kind: number): string {
  if (kind < 0.5) return String(random.integer(-20, 60));
  if (kind < 0.7) return String(BigInt(random.integer(-4, 4)) * 2305843009213693951n);
  return random
    .pick(['a', 'b', 'c', 'member', 'longer than it may be'])
    .repeat(random.integer(1, 2));
}

/** The bulk strings of a reply, which has no other line that begins with `$`. */
function texts(reply: string): string[] {
  const lines = reply.split('\r\n');
  return lines.filter((_, i) => lines[i - 1]?.startsWith('$') === true);
}

function combine(name: string, sets: readonly (Set<string> | undefined)[]): string[] {
  const [first = new Set<string>(), ...others] = sets.map((set) => set ?? new Set<string>());
  if (name.startsWith('SINTER'))
    return [...first].filter((one) => others.every((set) => set.has(one)));
  if (name.startsWith('SDIFF'))
    return [...first].filter((one) => !others.some((set) => set.has(one)));
  return [...new Set([first, ...others].flatMap((set) => [...set]))];
}

test.each(LIMITS)(
  '$intsetEntries integers, $packedEntries packed members of $packedValueBytes bytes',
  (limits) => {
    const server = new TestServer(families.flat());
    setsOf(server.keyspace.entries).limits = limits;
    const client = server.connect();
    const run = (...args: string[]) => server.run(client, ...args);
    const random = new Random(limits.intsetEntries + limits.packedEntries);
    const model: Model = new Map();
    const store = (key: string, members: readonly string[]) => {
      if (members.length > 0) model.set(key, new Set(members));
      else model.delete(key);
    };

    function add(key: string): void {
      const kind = random.next();
      const members = Array.from({ length: random.integer(1, 12) }, () => memberOf(random, kind));
      const set = model.get(key) ?? new Set();
      const before = set.size;
      for (const member of members) set.add(member);
      model.set(key, set);
      expect(run('SADD', key, ...members)).toBe(`:${set.size - before}\r\n`);
    }

    function remove(key: string): void {
      const set = model.get(key) ?? new Set();
      const some = random.chance(0.1) ? [...set] : random.shuffle([...set]).slice(0, 4);
      const members = [...some, memberOf(random, random.next())];
      const removed = members.filter((member) => set.delete(member)).length;
      store(key, [...set]);
      expect(run('SREM', key, ...members)).toBe(`:${removed}\r\n`);
    }

    function move(key: string): void {
      const to = random.pick(KEYS);
      const members = [...(model.get(key) ?? [])];
      const member = random.chance(0.8) && members.length > 0 ? random.pick(members) : 'none';
      expect(run('SMOVE', key, to, member)).toBe(member === 'none' ? ':0\r\n' : ':1\r\n');
      if (member === 'none' || key === to) return;
      store(
        key,
        members.filter((one) => one !== member),
      );
      store(to, [...(model.get(to) ?? []), member]);
    }

    function pop(key: string): void {
      const set = model.get(key) ?? new Set();
      const count = random.integer(0, set.size + 1);
      const popped = texts(run('SPOP', key, String(count)));
      expect(popped.length).toBe(Math.min(count, set.size));
      for (const member of popped) expect(set.delete(member)).toBe(true);
      store(key, [...set]);
    }

    function combined(key: string): void {
      const name = random.pick(['SINTER', 'SUNION', 'SDIFF']);
      const keys = Array.from({ length: random.integer(1, random.pick([3, 20])) }, () =>
        random.pick(KEYS),
      );
      const members = combine(
        name,
        keys.map((one) => model.get(one)),
      );
      expect(texts(run(name, ...keys)).sort()).toEqual([...members].sort());
      if (name === 'SINTER') {
        expect(run('SINTERCARD', String(keys.length), ...keys)).toBe(`:${members.length}\r\n`);
      }
      if (random.chance(0.5)) return;
      expect(run(`${name}STORE`, key, ...keys)).toBe(`:${members.length}\r\n`);
      store(key, members);
    }

    for (let round = 0; round < ROUNDS; round++) {
      const key = random.pick(KEYS);
      random.pick([add, add, add, remove, move, pop, combined])(key);
      if (random.chance(0.02)) {
        run('DEL', key);
        model.delete(key);
      }
      const members = [...(model.get(key) ?? [])].sort();
      expect(texts(run('SMEMBERS', key)).sort()).toEqual(members);
      expect(run('SCARD', key)).toBe(`:${members.length}\r\n`);
      const asked = [...members.slice(0, 3), 'none'];
      const answers = asked.map((one) => `:${members.includes(one) ? 1 : 0}\r\n`).join('');
      expect(run('SMISMEMBER', key, ...asked)).toBe(`*${asked.length}\r\n${answers}`);
      expect([...new Set(texts(run('SSCAN', key, '0', 'COUNT', '1000')).slice(1))].sort()).toEqual(
        members,
      );
    }
    server.keyspace.flush();
    while (server.keyspace.reclaim(Number.POSITIVE_INFINITY));
    expect(server.keyspace.usedBytes).toBe(server.keyspace.initialBytes);
  },
);
