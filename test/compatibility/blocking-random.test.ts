// Random orders of blocking and other commands of lists and sorted sets on several connections, compared with Redis:
// after each command the same connections wait, and the others got the same replies.
//
// SYNAP_SEED and SYNAP_RUNS choose other sequences and more of them, as in random.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { showCommand } from '../support/command-line.ts';
import { Random } from '../support/random.ts';
import { RawClient, type ReadResult } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { byTier } from '../support/tier.ts';

const FIRST_SEED = Number(process.env.SYNAP_SEED ?? 1_000);
const RUNS = byTier(12, 120, 'SYNAP_RUNS');
const STEPS = 120;
const PATIENCE_MS = 20_000;

/** Connections that may wait, and those that never do. */
const WAITERS = ['w0', 'w1', 'w2', 'w3', 'w4', 'w5'];
const WORKERS = ['a', 'b'];
/** The connections that are in database 1; the others are in 0. */
const IN_DATABASE_1 = new Set(['w5', 'b']);
const KEYS = ['k1', 'k2', 'k3', 'k4'];
const ENDS = ['LEFT', 'RIGHT'];

interface Step {
  readonly connection: string;
  /** One command, or those of a transaction with MULTI and EXEC around them. */
  readonly commands: readonly string[][];
  /** The connection whose wait is to be ended, if that is the command. */
  readonly unblocks?: string;
}

describe('random blocking', () => {
  let servers: RunningServer[];

  beforeAll(async () => {
    servers = await Promise.all([startRedisServer(), startSynapServer()]);
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const seeds = Array.from({ length: RUNS }, (_, run) => FIRST_SEED + run);
  test.each(seeds)('seed %i', { timeout: 60_000 }, async (seed) => {
    const random = new Random(seed);
    const sides = await Promise.all(servers.map(({ port }) => Side.open(port, seed % 2 ? 3 : 2)));
    const history: string[] = [];
    let waits = 0;
    for (let i = 0; i < STEPS; i++) {
      const step = nextStep(random, sides[0].waiting);
      history.push(`${step.connection}> ${step.commands.map(showCommand).join('; ')}`);
      const [redis, synap] = await Promise.all(sides.map((side) => side.perform(step)));
      expect(synap, history.join('\n')).toEqual(redis);
      if (sides[0].waiting.has(step.connection)) waits++;
    }
    const [redis, synap] = await Promise.all(sides.map((side) => side.close()));
    expect(synap, history.join('\n')).toEqual(redis);
    // A sequence in which hardly anybody waits would tell nothing.
    expect(waits).toBeGreaterThan(5);
  });
});

/** One of the servers, with the connections of a sequence. */
class Side {
  readonly #clients = new Map<string, RawClient>();
  readonly #ids = new Map<string, string>();
  readonly #observer: RawClient;
  /** What was asked and not yet compared, by connection. */
  readonly #pending = new Map<string, Promise<ReadResult>>();
  #settled = new Set<string>();

  private constructor(observer: RawClient) {
    this.#observer = observer;
  }

  static async open(port: number, protocol: number): Promise<Side> {
    const side = new Side(await RawClient.connect(port, PATIENCE_MS));
    for (const name of [...WAITERS, ...WORKERS]) {
      const client = await RawClient.connect(port, PATIENCE_MS);
      if (protocol === 3) await client.command('HELLO', '3');
      if (IN_DATABASE_1.has(name)) await client.command('SELECT', '1');
      await client.command('CLIENT', 'SETNAME', name);
      side.#ids.set(name, textOf(await client.command('CLIENT', 'ID')));
      side.#clients.set(name, client);
    }
    return side;
  }

  /** The connections that wait. */
  get waiting(): Set<string> {
    return new Set(this.#pending.keys());
  }

  /** Sends commands; returns who waits then, and what the others were answered. */
  async perform({ connection, commands, unblocks }: Step): Promise<string[]> {
    const client = this.#clients.get(connection);
    if (client === undefined) throw new Error(`no connection ${connection}`);
    for (const args of commands) {
      const id = this.#ids.get(unblocks ?? '') ?? '';
      client.sendCommand(args.map((arg) => (arg === '$id' ? id : arg)));
    }
    this.#settled.delete(connection);
    const reading = client.read(commands.length).finally(() => this.#settled.add(connection));
    this.#pending.set(connection, reading);
    let waiting = await this.#waiting();
    while (!this.#settled.has(connection) && !waiting.has(connection)) {
      waiting = await this.#waiting();
    }
    // Others may have been served since the list was made.
    waiting = await this.#waiting();
    const outcome: string[] = [`waiting: ${[...waiting].sort().join(' ')}`];
    for (const [name, read] of [...this.#pending].sort()) {
      if (waiting.has(name)) continue;
      const { replies } = await read;
      outcome.push(`${name}: ${replies.map(({ bytes }) => bytes.toString('latin1')).join('')}`);
      this.#pending.delete(name);
    }
    return outcome;
  }

  /** Ends all waiting and all connections; returns what data there is. */
  async close(): Promise<string[]> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    await Promise.all(this.#pending.values());
    const data: string[] = [];
    for (const database of ['0', '1']) {
      await this.#observer.command('SELECT', database);
      for (const key of KEYS) {
        const all = [key, '0', '-1'];
        const { bytes } = await this.#observer.command('LRANGE', ...all);
        const { bytes: ranked } = await this.#observer.command('ZRANGE', ...all, 'WITHSCORES');
        data.push(`${database} ${key} ${bytes.toString('latin1')} ${ranked.toString('latin1')}`);
      }
    }
    await this.#observer.command('FLUSHALL');
    await this.#observer.close();
    return data;
  }

  async #waiting(): Promise<Set<string>> {
    const lines = textOf(await this.#observer.command('CLIENT', 'LIST')).split('\n');
    const names = lines.map((line) => / name=(\w+) .* flags=\w*b/.exec(line)?.[1]);
    return new Set(names.filter((name) => name !== undefined));
  }
}

function nextStep(random: Random, waiting: ReadonlySet<string>): Step {
  const idle = WAITERS.filter((name) => !waiting.has(name));
  const [someone] = waiting;
  if (someone !== undefined && random.integer(1, 25) === 1) {
    const how = random.pick(['TIMEOUT', 'ERROR']);
    const commands = [['CLIENT', 'UNBLOCK', '$id', how]];
    return { connection: 'a', commands, unblocks: random.pick([...waiting]) };
  }
  if (idle.length > 0 && random.integer(1, 2) === 1) {
    return { connection: random.pick(idle), commands: [blockingCommand(random)] };
  }
  const connection = random.pick(WORKERS);
  if (random.integer(1, 4) > 1) return { connection, commands: plainCommands(random) };
  const queue = Array.from({ length: random.integer(1, 5) }, () =>
    random.integer(1, 8) === 1 ? [blockingCommand(random)] : plainCommands(random),
  ).flat();
  return { connection, commands: [['MULTI'], ...queue, ['EXEC']] };
}

function blockingCommand(random: Random): string[] {
  const key = () => random.pick(KEYS);
  const keys = Array.from({ length: random.integer(1, 4) }, key);
  const end = () => random.pick(ENDS);
  return random.pick([
    () => ['BLPOP', ...keys, '0'],
    () => ['BRPOP', ...keys, '0'],
    () => ['BLMOVE', key(), key(), end(), end(), '0'],
    () => ['BRPOPLPUSH', key(), key(), '0'],
    () => {
      const count = String(random.integer(1, 3));
      return ['BLMPOP', '0', String(keys.length), ...keys, end(), 'COUNT', count];
    },
    () => ['BZPOPMIN', ...keys, '0'],
    () => ['BZPOPMAX', ...keys, '0'],
    () => {
      const count = String(random.integer(1, 3));
      const where = random.pick(['MIN', 'MAX']);
      return ['BZMPOP', '0', String(keys.length), ...keys, where, 'COUNT', count];
    },
  ])();
}

/** A command; what stores a key does so where there is none, for the difference waits-overwritten. */
function plainCommands(random: Random): string[][] {
  const command = plainCommand(random);
  const [name, destination] = command;
  return name.endsWith('STORE') ? [['DEL', destination], command] : [command];
}

function plainCommand(random: Random): string[] {
  const key = () => random.pick(KEYS);
  const end = () => random.pick(ENDS);
  const elements = Array.from({ length: random.integer(1, 4) }, () =>
    String(random.integer(1, 999)),
  );
  const add = () => ['ZADD', key(), ...elements.flatMap((element, i) => [`${i % 2}`, element])];
  const push = () => [random.pick(['RPUSH', 'LPUSH']), key(), ...elements];
  return random.pick([
    push,
    push,
    push,
    () => [random.pick(['LPOP', 'RPOP', 'UNLINK']), key()],
    () => ['DEL', key(), key(), key()],
    () => ['DEL', key(), key()],
    () => ['LMOVE', key(), key(), end(), end()],
    () => ['RPOPLPUSH', key(), key()],
    () => [random.pick(['RENAME', 'RENAMENX', 'COPY']), key(), key()],
    () => ['COPY', key(), key(), 'DB', String(random.integer(0, 1)), 'REPLACE'],
    () => ['MOVE', key(), String(random.integer(0, 1))],
    () => (random.chance(0.4) ? ['SET', key(), 'string'] : ['DEL', ...KEYS]),
    () => ['LMPOP', '2', key(), key(), end(), 'COUNT', '2'],
    add,
    add,
    () => ['ZINCRBY', key(), '1.5', elements[0]],
    () => [random.pick(['ZPOPMIN', 'ZPOPMAX']), key()],
    () => ['ZMPOP', '2', key(), key(), random.pick(['MIN', 'MAX']), 'COUNT', '2'],
    () => ['ZRANGESTORE', key(), key(), '0', '1'],
    () => ['ZUNIONSTORE', key(), '2', key(), key()],
    () => ['LTRIM', key(), '1', '2'],
  ])();
}
