// Random orders of reads of streams that wait and of other commands on several connections, compared with Redis: after
// each command the same connections wait, and the others got the same replies.
//
// SYNAP_SEED and SYNAP_RUNS choose other sequences and more of them, as in random.test.ts.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { showCommand } from '../support/command-line.ts';
import { Random } from '../support/random.ts';
import { startRedisServer } from '../support/redis-server.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { byTier } from '../support/tier.ts';
import { WAITERS, WaitingSide, type WaitingStep, WORKERS } from '../support/waiting-side.ts';

const FIRST_SEED = Number(process.env.SYNAP_SEED ?? 1_000);
const RUNS = byTier(12, 120, 'SYNAP_RUNS');
const STEPS = 150;

const KEYS = ['k1', 'k2', 'k3'];
const GROUPS = ['g1', 'g2'];
const CONSUMERS = ['a', 'b', 'c'];
const COUNTS = ['0', '1', '1', '2'];

describe('random blocking on streams', () => {
  let servers: RunningServer[];

  beforeAll(async () => {
    servers = await Promise.all([startRedisServer(), startSynapServer()]);
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const seeds = Array.from({ length: RUNS }, (_, run) => FIRST_SEED + run);
  test.each(seeds)('seed %i', { timeout: 60_000 }, async (seed) => {
    const commands = new Commands(new Random(seed));
    const sides = await Promise.all(
      servers.map(({ port }) => WaitingSide.open(port, seed % 2 ? 3 : 2)),
    );
    const history: string[] = [];
    let waits = 0;
    for (let i = 0; i < STEPS; i++) {
      const step = i < BEGINNING.length ? BEGINNING[i] : commands.next(sides[0].waiting);
      history.push(`${step.connection}> ${step.commands.map(showCommand).join('; ')}`);
      const [redis, synap] = await Promise.all(sides.map((side) => side.perform(step)));
      expect(synap, history.join('\n')).toEqual(redis);
      if (sides[0].waiting.has(step.connection)) waits++;
    }
    const [redis, synap] = await Promise.all(sides.map((side) => side.close(KEYS, readers)));
    expect(synap, history.join('\n')).toEqual(redis);
    // A sequence in which hardly anybody waits would tell nothing.
    expect(waits).toBeGreaterThan(2);
  });
});

/** Groups at every key of both databases. */
const BEGINNING: readonly WaitingStep[] = WORKERS.map((connection) => ({
  connection,
  commands: KEYS.flatMap((key) =>
    GROUPS.map((group) => ['XGROUP', 'CREATE', key, group, '$', 'MKSTREAM']),
  ),
}));

/** All that there is at a key, but for times. */
function readers(key: string): string[][] {
  return [
    ['XRANGE', key, '-', '+'],
    ['XINFO', 'STREAM', key],
    ['XINFO', 'GROUPS', key],
    ...GROUPS.map((group) => ['XPENDING', key, group]),
    ['LRANGE', key, '0', '-1'],
  ];
}

class Commands {
  readonly #random: Random;
  /** Where ids are by now. */
  #ms = 10;

  constructor(random: Random) {
    this.#random = random;
  }

  next(waiting: ReadonlySet<string>): WaitingStep {
    const random = this.#random;
    const idle = WAITERS.filter((name) => !waiting.has(name));
    if (waiting.size > 0 && random.chance(0.04)) {
      const commands = [['CLIENT', 'UNBLOCK', '$id', random.pick(['TIMEOUT', 'ERROR'])]];
      return { connection: 'a', commands, unblocks: random.pick([...waiting]) };
    }
    if (idle.length > 0 && random.chance(0.5)) {
      return { connection: random.pick(idle), commands: [this.#blocking()] };
    }
    const connection = random.pick(WORKERS);
    if (random.chance(0.75)) return { connection, commands: [this.#plain()] };
    const queue = Array.from({ length: random.integer(1, 5) }, () =>
      random.chance(0.12) ? this.#blocking() : this.#plain(),
    );
    return { connection, commands: [['MULTI'], ...queue, ['EXEC']] };
  }

  #blocking(): string[] {
    const random = this.#random;
    const keys = Array.from({ length: random.integer(1, 3) }, () => random.pick(KEYS));
    const count = random.chance(0.5) ? ['COUNT', random.pick(COUNTS)] : [];
    if (random.chance(0.08)) return ['BLPOP', ...keys, '0'];
    if (random.chance(0.4)) {
      const ids = keys.map(() =>
        random.chance(0.7) ? '$' : `${this.#ms + random.integer(-3, 3)}`,
      );
      return ['XREAD', ...count, 'BLOCK', '0', 'STREAMS', ...keys, ...ids];
    }
    return [
      ...['XREADGROUP', 'GROUP', random.pick(GROUPS), random.pick(CONSUMERS), ...count],
      ...[...(random.chance(0.2) ? ['NOACK'] : []), 'BLOCK', '0', 'STREAMS', ...keys],
      ...keys.map(() => (random.chance(0.97) ? '>' : '0')),
    ];
  }

  #id(): string {
    return `${this.#ms - this.#random.integer(0, 5)}-0`;
  }

  #add(...options: string[]): string[] {
    this.#ms++;
    return ['XADD', this.#random.pick(KEYS), ...options, `${this.#ms}-0`, 'f', 'v'];
  }

  #plain(): string[] {
    const random = this.#random;
    const key = () => random.pick(KEYS);
    const group = () => random.pick(GROUPS);
    const create = () => ['XGROUP', 'CREATE', key(), group(), random.pick(['0', '$']), 'MKSTREAM'];
    if (random.chance(0.35)) return this.#add();
    if (random.chance(0.25)) return create();
    return random.pick([
      () => this.#add('MAXLEN', String(random.integer(0, 3))),
      () => this.#add('NOMKSTREAM'),
      () => ['XDEL', key(), this.#id(), this.#id()],
      () => ['XTRIM', key(), 'MAXLEN', String(random.integer(0, 3))],
      () => ['XGROUP', 'DESTROY', key(), group()],
      () => ['XGROUP', 'SETID', key(), group(), random.pick(['0', '$', this.#id()])],
      () => ['XGROUP', 'DELCONSUMER', key(), group(), random.pick(CONSUMERS)],
      () => ['XREADGROUP', 'GROUP', group(), 'a', 'COUNT', '1', 'STREAMS', key(), '>'],
      () => ['XACK', key(), group(), this.#id(), this.#id()],
      () => ['XSETID', key(), `${this.#ms}-0`],
      () => ['DEL', key()],
      () => ['UNLINK', key(), key()],
      () => ['SET', key(), 'string'],
      () => ['RPUSH', key(), 'x'],
      () => [random.pick(['RENAME', 'RENAMENX']), key(), key()],
      () => ['COPY', key(), key(), 'DB', String(random.integer(0, 1)), 'REPLACE'],
      () => ['MOVE', key(), String(random.integer(0, 1))],
      // No FLUSHDB: in which order Redis looks at several keys then depends on its hash seed.
      () => ['EXPIRE', key(), '-1'],
    ])();
  }
}
