import { describe, expect, test } from 'vitest';
import { type CommandGrammar, readGrammars } from './command-grammar.ts';
import { hasRedis } from './needs-redis.ts';
import { Random } from './random.ts';
import { CommandGenerator } from './random-commands.ts';
import { comparerOf, type RandomStep, runSequence, shrink } from './random-run.ts';
import { RawClient } from './raw-client.ts';
import { startRedisServer } from './redis-server.ts';

describe('Random', () => {
  test('repeats itself for a seed and is spread out', () => {
    const draw = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 1_000 }, () => random.integer(1, 10));
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    for (let value = 1; value <= 10; value++) {
      const count = draw(7).filter((drawn) => drawn === value).length;
      expect(count).toBeGreaterThan(50);
      expect(count).toBeLessThan(170);
    }
    const shuffled = new Random(3).shuffle([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...shuffled].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('shrink', () => {
  test('leaves the steps that it takes to fail', async () => {
    const steps = Array.from({ length: 40 }, (_, index) => index);
    const needed = [3, 17, 31];
    let tries = 0;
    const shortest = await shrink(steps, async (candidate) => {
      tries++;
      return needed.every((step) => candidate.includes(step));
    });
    expect(shortest).toEqual(needed);
    expect(tries).toBeLessThan(120);
  });

  test('keeps what can not be shortened', async () => {
    expect(await shrink([1], async () => true)).toEqual([1]);
    expect(await shrink([1, 2], async (candidate) => candidate.length === 2)).toEqual([1, 2]);
  });
});

describe.skipIf(!hasRedis)('random sequences against a server that differs', () => {
  test('are read from the server, find the difference and shrink to it', async () => {
    const [redis, other] = await Promise.all([
      startRedisServer(),
      startRedisServer({ 'rename-command': [['GETDEL', '']] }),
    ]);
    try {
      const client = await RawClient.connect(redis.port);
      const grammars = await readGrammars(client, ['set', 'get', 'object', 'bogus']);
      await client.close();
      expect(grammars.map(({ name }) => name)).toEqual([
        'get',
        'object|encoding',
        'object|freq',
        'object|help',
        'object|idletime',
        'object|refcount',
        'set',
      ]);
      const ports = [redis.port, other.port] as const;
      const same = [redis.port, redis.port] as const;
      expect(optionsSeen(grammars)).toEqual([
        'EX',
        'EXAT',
        'GET',
        'KEEPTTL',
        'NX',
        'PX',
        'PXAT',
        'XX',
      ]);

      const steps: RandomStep[] = [
        ...generate(grammars, 30),
        { grammar: grammars[0], args: ['GETDEL', 'k'] },
        ...generate(grammars, 10),
      ];
      const differs = async (candidate: readonly RandomStep[]) =>
        (await runSequence(ports, candidate, 2)).difference !== undefined;
      const shortest = await shrink(steps, differs);
      expect(shortest).toHaveLength(1);
      expect(shortest[0].args).toEqual(['GETDEL', 'k']);
      const { difference } = await runSequence(ports, shortest, 2);
      expect(difference).toMatchObject({ step: 0, expected: '"$-1\\r\\n"' });
      expect((await runSequence(same, [shortest[0]], 3)).difference).toBeUndefined();
    } finally {
      await Promise.all([redis.stop(), other.stop()]);
    }
  });

  test('compares the keys at the end', async () => {
    const [redis, other] = await Promise.all([
      startRedisServer(),
      startRedisServer({ 'set-max-intset-entries': '1' }),
    ]);
    try {
      const client = await RawClient.connect(redis.port);
      const grammars = await readGrammars(client, ['sadd', 'set']);
      await client.close();
      const ports = [redis.port, other.port] as const;
      const set = step(grammars, 'set', 'SET', 'k', 'v');
      expect((await runSequence(ports, [set], 2)).difference).toBeUndefined();
      const add = step(grammars, 'sadd', 'SADD', 'l', '1', '2');
      expect((await runSequence(ports, [set, add], 2)).difference).toMatchObject({
        step: 2,
        what: 'OBJECT ENCODING l',
        expected: '"$6\\r\\nintset\\r\\n"',
      });
    } finally {
      await Promise.all([redis.stop(), other.stop()]);
    }
  });
});

function generate(grammars: readonly CommandGrammar[], length: number): RandomStep[] {
  const generator = new CommandGenerator(new Random(5), grammars, () => 1);
  return Array.from({ length }, () => generator.next());
}

function optionsSeen(grammars: readonly CommandGrammar[]): string[] {
  const words = generate(grammars, 2_000)
    .filter(({ grammar }) => grammar.name === 'set')
    .flatMap(({ args }) => args.slice(3));
  return [...new Set(words.filter((word) => /^[A-Z]+$/.test(word)))].sort();
}

function step(grammars: readonly CommandGrammar[], name: string, ...args: string[]): RandomStep {
  const grammar = grammars.find((one) => one.name === name);
  if (grammar === undefined) throw new Error(`no grammar of ${name}`);
  return { grammar, args };
}

test('comparerOf takes the tips of COMMAND INFO', () => {
  const grammar = (name: string, ...tips: string[]): CommandGrammar => ({
    name,
    words: [name],
    group: 'generic',
    flags: new Set(),
    tips: new Set(tips),
    arguments: [],
  });
  expect(comparerOf(grammar('get')).name).toBe('exact');
  expect(comparerOf(grammar('keys', 'nondeterministic_output_order')).name).toBe('unordered');
  expect(comparerOf(grammar('randomkey', 'nondeterministic_output')).name).toBe('anyOfType');
  expect(comparerOf(grammar('pttl')).name).toBe('approx(4000)');
});
