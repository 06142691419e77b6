// Clients whose commands do something else than they say, depending on when they run:
// - numbers move through two lists to clients that wait for them: none is lost, none comes twice;
// - a short-lived key has expired, or not, when it is increased: the reply told which.
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeCommand } from '../support/command-line.ts';
import type { Random } from '../support/random.ts';
import type { RawClient } from '../support/raw-client.ts';
import { itemsOf, type Reply, textOf } from '../support/reply-frames.ts';
import { type Actor, connectTo, pump, tryCommand } from './actors.ts';
import { ask } from './model.ts';
import { listIn } from './shared-keys.ts';

const WINDOW = 6;
/** More numbers than this do not wait in the lists. */
const MAX_BACKLOG = 200;

/** Numbers are pushed to `queue`, moved to `moved` and popped there, each end waiting for the other. */
export class Queue implements Actor {
  /** Pops that were answered. */
  pops = 0;
  readonly #random: Random;
  readonly #database: number;
  /** The largest number that was pushed, moved, popped; what was answered of that. */
  #sent = 0;
  #pushed = 0;
  #moved = 0;
  #popped = 0;
  #finished: Promise<unknown> = Promise.resolve();

  constructor(random: Random, database: number) {
    this.#random = random;
    this.#database = database;
  }

  async begin(port: number): Promise<void> {
    const connect = async () => {
      const client = await connectTo(port);
      await client.command('SELECT', String(this.#database));
      return client;
    };
    const [pusher, mover, popper] = await Promise.all([connect(), connect(), connect()]);
    this.#finished = Promise.all([this.#push(pusher), this.#move(mover), this.#pop(popper)]);
  }

  async ended(): Promise<void> {
    await this.#finished;
  }

  async verify(client: RawClient): Promise<void> {
    const queue = (await listIn(client, this.#database, 'queue')).map(Number);
    const moved = (await listIn(client, this.#database, 'moved')).map(Number);
    const all = [...moved, ...queue];
    const first = all.at(0) ?? this.#popped + 1;
    // One pop and one move may have happened without being answered.
    const isWhole = all.every((number, i) => number === first + i);
    const isFirst = first === this.#popped + 1 || (all.length > 0 && first === this.#popped + 2);
    const last = all.at(-1) ?? this.#popped + 1;
    const isLast = last >= this.#pushed && last <= Math.max(this.#sent, this.#popped + 1);
    const isMoved = queue.length === 0 || queue[0] > this.#moved;
    if (!isWhole || !isFirst || !isLast || !isMoved) {
      const lists = `moved ${shown(moved)}, queue ${shown(queue)}`;
      const answered = `pushed ${this.#pushed}, moved ${this.#moved}, popped ${this.#popped}`;
      throw new Error(`${lists}; answered: ${answered}; pushed at most ${this.#sent}`);
    }
    this.#popped = all.length === 0 ? last : first - 1;
    this.#moved = queue.length === 0 ? last : queue[0] - 1;
    this.#pushed = last;
    this.#sent = last;
  }

  async forget(): Promise<void> {
    this.#moved = this.#sent;
    this.#popped = this.#sent;
    this.#pushed = this.#sent;
  }

  #push(client: RawClient): Promise<void> {
    const expected: number[] = [];
    return pump(client, this.#random, {
      window: WINDOW,
      send: () => {
        if (this.#sent - this.#popped > MAX_BACKLOG) {
          expected.push(0);
          client.sendCommand(['PING']);
          return 1;
        }
        const count = this.#random.integer(1, 3);
        const numbers = Array.from({ length: count }, () => String(++this.#sent));
        expected.push(this.#sent);
        client.sendCommand(['RPUSH', 'queue', ...numbers]);
        return 1;
      },
      onReply: () => {
        this.#pushed = Math.max(this.#pushed, expected.shift() ?? 0);
      },
    });
  }

  async #move(client: RawClient): Promise<void> {
    for (;;) {
      const reply = await tryCommand(client, 'BLMOVE', 'queue', 'moved', 'LEFT', 'RIGHT', '0');
      if (reply === undefined) return;
      this.#moved = Number(textOf(reply));
    }
  }

  async #pop(client: RawClient): Promise<void> {
    for (;;) {
      const command = this.#random.chance(0.5)
        ? ['BLPOP', 'other', 'moved', '0']
        : ['BLMPOP', '0', '2', 'other', 'moved', 'LEFT'];
      const reply = await tryCommand(client, ...command);
      if (reply === undefined) return;
      const [, value] = itemsOf(reply);
      this.#popped = Number(textOf(value.items?.at(0) ?? value));
      this.pops++;
    }
  }
}

const KEYS = 8;
const MAX_LIFE_MS = 12;

/** What is known of a short-lived key; see `ShortLived`. */
type Fate = 'gone' | 'kept' | 'either';

/** Keys that expire while they are used. */
export class ShortLived implements Actor {
  /** How often a key had expired, and had not, when it was increased. */
  expired = 0;
  alive = 0;
  readonly #random: Random;
  readonly #database: number;
  readonly #fates: Fate[] = new Array(KEYS).fill('gone');
  #finished: Promise<unknown> = Promise.resolve();

  constructor(random: Random, database: number) {
    this.#random = random;
    this.#database = database;
  }

  async begin(port: number): Promise<void> {
    const client = await connectTo(port);
    await client.command('SELECT', String(this.#database));
    this.#finished = this.#work(client);
  }

  async ended(): Promise<void> {
    await this.#finished;
  }

  /** Whatever lived shortly before the crash has expired by now. */
  async verify(client: RawClient): Promise<void> {
    const keys = this.#fates.map((_, i) => `short:${i}`);
    const replies = await ask(client, [
      ['SELECT', String(this.#database)],
      ...keys.flatMap((key) => [
        ['GET', key],
        ['PTTL', key],
      ]),
    ]);
    for (const [i, key] of keys.entries()) {
      const [value, ttl] = [textOf(replies[1 + 2 * i]), textOf(replies[2 + 2 * i])];
      const fate: Fate = value === '1' && ttl === '-1' ? 'kept' : 'gone';
      const isPossible = fate === this.#fates[i] || this.#fates[i] === 'either';
      if (!isPossible || (fate === 'gone' && ttl !== '-2')) {
        throw new Error(`${key} should be ${this.#fates[i]}, and is "${value}" for ${ttl} ms`);
      }
      this.#fates[i] = fate;
    }
  }

  async forget(): Promise<void> {
    this.#fates.fill('gone');
  }

  async #work(client: RawClient): Promise<void> {
    for (;;) {
      const i = this.#random.integer(0, KEYS - 1);
      const key = `short:${i}`;
      const lifeMs = String(this.#random.integer(1, MAX_LIFE_MS));
      if (this.#fates[i] === 'kept') this.#fates[i] = 'either';
      const increased = await this.#setAndIncrease(client, i, key, lifeMs);
      if (increased === undefined) return;
      const hadExpired = textOf(increased) === '1';
      if (hadExpired) this.expired++;
      else this.alive++;
      this.#fates[i] = hadExpired ? 'kept' : 'gone';
    }
  }

  /** Gives the reply to INCR: together with SET, so that the key mostly lives, or some time later. */
  async #setAndIncrease(
    client: RawClient,
    i: number,
    key: string,
    lifeMs: string,
  ): Promise<Reply | undefined> {
    const set = ['SET', key, '100', 'PX', lifeMs];
    if (this.#random.chance(0.3)) {
      this.#fates[i] = 'either';
      client.send(Buffer.concat([set, ['INCR', key]].map(encodeCommand)));
      const { replies } = await client.read(2);
      return replies.at(1);
    }
    if ((await tryCommand(client, ...set)) === undefined) return undefined;
    this.#fates[i] = 'gone';
    if (this.#random.chance(0.5)) await sleep(this.#random.integer(0, MAX_LIFE_MS + 1));
    this.#fates[i] = 'either';
    return tryCommand(client, 'INCR', key);
  }
}

function shown(numbers: readonly number[]): string {
  return numbers.length === 0 ? '–' : `${numbers[0]} … ${numbers.at(-1)} (${numbers.length})`;
}
