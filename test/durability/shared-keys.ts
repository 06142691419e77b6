// Clients that share keys with others, and what must hold of these after a crash:
// - three lists in three databases, extended together by transactions, are equal, and hold what each
//   client added, in its order, without gaps;
// - what a client, or a subscriber, has seen of another's changes is still there.

import { encodeCommand } from '../support/command-line.ts';
import type { Random } from '../support/random.ts';
import type { RawClient } from '../support/raw-client.ts';
import { itemsOf, type Reply, textOf } from '../support/reply-frames.ts';
import { type Actor, connectTo, pump, tryCommand } from './actors.ts';
import { ask } from './model.ts';

const WRITERS = 3;
const WINDOW = 6;
/** Lists of this length begin anew. */
const MAX_LENGTH = 500;

/** Three lists that are extended together. */
export class EqualLists implements Actor {
  /** Transactions that were answered. */
  answered = 0;
  readonly #random: Random;
  readonly #databases: readonly number[];
  readonly #sent: number[] = new Array(WRITERS).fill(0);
  readonly #answered: number[] = new Array(WRITERS).fill(0);
  #finished: Promise<unknown> = Promise.resolve();

  constructor(random: Random, databases: readonly number[]) {
    this.#random = random;
    this.#databases = databases;
  }

  async begin(port: number): Promise<void> {
    const clients = await Promise.all(Array.from({ length: WRITERS }, () => connectTo(port)));
    this.#finished = Promise.all(clients.map((client, writer) => this.#work(client, writer)));
  }

  async ended(): Promise<void> {
    await this.#finished;
  }

  async verify(client: RawClient): Promise<void> {
    const lists: string[][] = [];
    for (const database of this.#databases) lists.push(await listIn(client, database, 'equal'));
    const [first] = lists;
    for (const list of lists) {
      if (list.join() === first.join()) continue;
      throw new Error(
        `a transaction is there in part: ${lists.map((l) => l.slice(-5)).join(' / ')}`,
      );
    }
    for (let writer = 0; writer < WRITERS; writer++) this.#verifyWriter(first, writer);
    if (first.length > MAX_LENGTH) await this.#empty(client);
  }

  async forget(): Promise<void> {
    this.#answered.fill(0);
    this.#sent.fill(0);
  }

  #verifyWriter(list: readonly string[], writer: number): void {
    const own = list.filter((word) => word.startsWith(`${writer}.`)).map((word) => word.slice(2));
    const gap = own.findIndex((word, i) => Number(word) !== i + 1);
    if (gap !== -1) throw new Error(`writer ${writer}: ${own[gap]} stands at place ${gap + 1}`);
    const [answered, sent] = [this.#answered[writer], this.#sent[writer]];
    if (own.length < answered || own.length > sent) {
      throw new Error(`writer ${writer}: ${own.length} of ${answered} answered, ${sent} sent`);
    }
    this.#answered[writer] = own.length;
    this.#sent[writer] = own.length;
  }

  async #empty(client: RawClient): Promise<void> {
    for (const database of this.#databases) {
      await ask(client, [
        ['SELECT', String(database)],
        ['DEL', 'equal'],
      ]);
    }
    await this.forget();
  }

  #work(client: RawClient, writer: number): Promise<void> {
    return pump(client, this.#random, {
      window: WINDOW,
      send: () => {
        const word = `${writer}.${++this.#sent[writer]}`;
        const commands = this.#databases.flatMap((database) => [
          ['SELECT', String(database)],
          ['RPUSH', 'equal', word],
        ]);
        client.send(Buffer.concat([['MULTI'], ...commands, ['EXEC']].map(encodeCommand)));
        return commands.length + 2;
      },
      onReply: (reply) => {
        if (reply.type !== '*') return;
        this.#answered[writer]++;
        this.answered++;
      },
    });
  }
}

/** A counter that many increase and others watch, and numbers that are published once they are set. */
export class WatchedNumbers implements Actor {
  readonly #random: Random;
  readonly #database: number;
  /** Increments that were sent, on top of what is there. */
  #limit = 0;
  /** The largest number that anyone was told. */
  #seen = 0;
  #published = 0;
  #publishedSeen = 0;
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
    const clients = await Promise.all([connect(), connect(), connect(), connect(), connect()]);
    const [one, another, reader, publisher, subscriber] = clients;
    await subscriber.command('SUBSCRIBE', 'numbers');
    this.#finished = Promise.all([
      this.#increase(one),
      this.#increase(another),
      this.#read(reader),
      this.#publish(publisher),
      this.#listen(subscriber),
    ]);
  }

  async ended(): Promise<void> {
    await this.#finished;
  }

  async verify(client: RawClient): Promise<void> {
    const [, counter, published] = await ask(client, [
      ['SELECT', String(this.#database)],
      ['GET', 'counter'],
      ['GET', 'published'],
    ]);
    const count = Number(textOf(counter));
    if (count < this.#seen || count > this.#limit) {
      throw new Error(
        `the counter is ${count}: ${this.#seen} was seen, ${this.#limit} is possible`,
      );
    }
    const last = Number(textOf(published));
    if (last < this.#publishedSeen || last > this.#published) {
      throw new Error(
        `${last} is left: ${this.#publishedSeen} was told of, ${this.#published} sent`,
      );
    }
    this.#limit = count;
    this.#published = last;
  }

  async forget(): Promise<void> {
    this.#limit = 0;
    this.#seen = 0;
    this.#published = 0;
    this.#publishedSeen = 0;
  }

  #see(reply: Reply): void {
    this.#seen = Math.max(this.#seen, Number(textOf(reply)));
  }

  #increase(client: RawClient): Promise<void> {
    return pump(client, this.#random, {
      window: WINDOW,
      send: () => {
        this.#limit++;
        client.sendCommand(['INCR', 'counter']);
        return 1;
      },
      onReply: (reply) => this.#see(reply),
    });
  }

  async #read(client: RawClient): Promise<void> {
    for (;;) {
      const reply = await tryCommand(client, 'GET', 'counter');
      if (reply === undefined) return;
      this.#see(reply);
    }
  }

  #publish(client: RawClient): Promise<void> {
    return pump(client, this.#random, {
      window: 2,
      send: () => {
        const number = String(++this.#published);
        const commands = [['MULTI'], ['SET', 'published', number], ['PUBLISH', 'numbers', number]];
        client.send(Buffer.concat([...commands, ['EXEC']].map(encodeCommand)));
        return commands.length + 1;
      },
      onReply: () => {},
    });
  }

  async #listen(client: RawClient): Promise<void> {
    for (;;) {
      const { replies } = await client.read(1);
      if (replies.length === 0) return;
      this.#publishedSeen = Math.max(this.#publishedSeen, Number(textOf(itemsOf(replies[0])[2])));
    }
  }
}

/** The elements of a list. */
export async function listIn(client: RawClient, database: number, key: string): Promise<string[]> {
  const replies = await ask(client, [
    ['SELECT', String(database)],
    ['LRANGE', key, '0', '-1'],
  ]);
  return itemsOf(replies[1]).map(textOf);
}
