// What the log has of claims makes the same pending entries out of the same ones, whatever came before, and where memory
// ran out, too.
import { afterEach, expect, test, vi } from 'vitest';
import { families } from '../../../src/commands/index.ts';
import type { EffectArgument } from '../../../src/core/effects.ts';
import type { Services } from '../../../src/core/services.ts';
import type { Arena } from '../../../src/memory/arena.ts';
import { ArenaFullError } from '../../../src/memory/arena.ts';
import { encodedCommands } from '../../support/encoded-commands.ts';
import { Random } from '../../support/random.ts';
import { TestServer } from '../../support/test-call.ts';

const NOW = 1_700_000_000_000;

type Command = readonly (string | Buffer)[];

afterEach(() => {
  vi.restoreAllMocks();
});

/** A server that remembers its effects. */
class Bench {
  readonly effects: Command[] = [];
  readonly server: TestServer;
  readonly #client;
  #isSuppressed = false;

  constructor() {
    this.server = new TestServer(families.flat(), {
      effects: {
        active: true,
        propagateAs: (_: unknown, ...args: EffectArgument[]) => {
          this.#isSuppressed = true;
          this.effects.push(args.map((arg) => Buffer.from(arg as Buffer)));
        },
        propagateEncoded: (_: unknown, bytes: Uint8Array, length: number) => {
          this.#isSuppressed = true;
          this.effects.push(...encodedCommands(bytes, length));
        },
        beginTransaction: () => {},
        endTransaction: () => {},
        suppress: () => {
          this.#isSuppressed = true;
        },
        together: (run: () => void) => run(),
      },
    } as Partial<Services>);
    this.#client = this.server.connect();
  }

  run(...args: Command): string {
    const { keyspace } = this.server;
    const before = keyspace.dirty;
    this.#isSuppressed = false;
    try {
      return this.server.run(this.#client, ...args);
    } finally {
      if (keyspace.dirty !== before && !this.#isSuppressed) this.effects.push(args);
    }
  }

  /** Entries and groups; not which consumers were seen when, nor what has never been in the log. */
  state(): string[] {
    const lines = ['XRANGE s - +'];
    for (const group of ['g', 'h']) lines.push(`XPENDING s ${group} - + 1000`);
    const pending = lines.map((line) => this.run(...line.split(' ')));
    const lastIds = this.run('XINFO', 'GROUPS', 's').match(/last-delivered-id\r\n\$\d+\r\n[^\r]+/g);
    return [...pending, ...(lastIds ?? [])];
  }
}

/** Has allocations fail from the n-th on. */
function failAllocations(arena: Arena, n: number): void {
  const allocate = arena.allocate.bind(arena);
  let left = n;
  vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
    if (left-- <= 0) throw new ArenaFullError();
    return allocate(sizeClass);
  });
}

function commandOf(random: Random, newest: number): string[] {
  const id = () => `${random.integer(1, newest)}-0`;
  const ids = () => Array.from({ length: random.integer(1, 30) }, id);
  const group = random.pick(['g', 'h']);
  const consumer = random.pick(['a', 'b', 'c', `x${random.integer(0, 99)}`]);
  const idle = random.pick(['0', '0', '500']);
  switch (random.integer(0, 9)) {
    case 0:
      return ['XDEL', 's', ...ids()];
    case 1:
      return ['XACK', 's', group, ...ids()];
    case 2:
      return ['XTRIM', 's', 'MAXLEN', `${random.integer(20, 100)}`];
    case 3:
      return [
        'XACKDEL',
        's',
        group,
        random.pick(['DELREF', 'ACKED']),
        'IDS',
        '3',
        id(),
        id(),
        id(),
      ];
    case 4:
    case 5:
      return ['XAUTOCLAIM', 's', group, consumer, idle, id(), 'COUNT', random.pick(['1', '40'])];
    default: {
      const options = [
        ['FORCE'],
        ['JUSTID'],
        ['IDLE', '700'],
        ['RETRYCOUNT', '9'],
        ['LASTID', id()],
      ];
      const given = options.filter(() => random.chance(0.3)).flat();
      return ['XCLAIM', 's', group, consumer, idle, ...ids(), ...given];
    }
  }
}

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('seed %d', (seed) => {
  const random = new Random(seed);
  const bench = new Bench();
  const copy = new Bench();
  const { keyspace } = bench.server;
  let newest = 0;
  let failures = 0;
  let nowMs = NOW;
  const replay = () => {
    copy.server.keyspace.tick(nowMs);
    for (const effect of bench.effects.splice(0)) copy.run(...effect);
  };
  for (const group of ['g', 'h']) bench.run('XGROUP', 'CREATE', 's', group, '0', 'MKSTREAM');
  for (let round = 0; round < 300; round++) {
    nowMs += random.pick([0, 1, 400]);
    keyspace.tick(nowMs);
    if (random.chance(0.5)) bench.run('XADD', 's', `${++newest}-0`, 'f', 'v');
    if (newest === 0) continue;
    if (random.chance(0.2)) {
      const group = random.pick(['g', 'h']);
      bench.run('XREADGROUP', 'GROUP', group, 'a', 'COUNT', '20', 'STREAMS', 's', '>');
    }
    const command = commandOf(random, newest);
    // Others are logged as they were asked for.
    const mayFail = /CLAIM/.test(command[0]) && random.chance(0.3);
    if (mayFail) failAllocations(keyspace.arena, random.integer(0, 4));
    try {
      bench.run(...command);
    } catch (error) {
      expect(error).toBeInstanceOf(ArenaFullError);
      failures++;
    }
    vi.restoreAllMocks();
    replay();
    if (round % 10 === 0) expect(copy.state()).toEqual(bench.state());
  }
  expect(copy.state()).toEqual(bench.state());
  expect(failures).toBeGreaterThan(0);
});
