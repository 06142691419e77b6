// Values and arguments that are too large to be copied, and such that are almost: the same streams of
// commands, in pieces of any size, give Redis's bytes and leave Redis's data, also after a restart from
// the log. (What is held up meanwhile is measured: bench/scenarios/large-values.mjs.)
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeCommand } from '../support/command-line.ts';
import { Random } from '../support/random.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { byTier } from '../support/tier.ts';

const MIB = 1024 * 1024;
const END = 'the end of all replies';
/** Around what lies in a block of the arena, in a buffer, in large memory. */
const SIZES = [0, 20, 65_400, 65_536, 65_537, 200_000, MIB - 1, MIB, MIB + 1, 3 * MIB];
const KEYS = ['a', 'b', 'c', 'd'];

let redis: RunningServer;
let synap: RunningServer;

beforeAll(async () => {
  [redis, synap] = await Promise.all([
    startRedisServer(),
    startSynapServer({ appendonly: 'yes', appendfsync: 'everysec' }),
  ]);
});

afterAll(async () => {
  await Promise.all([redis.stop(), synap.stop()]);
});

/** Sends bytes in pieces that end at these places, and reads all replies. */
async function exchange(port: number, stream: Buffer, ends: readonly number[]): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const replies: Buffer[] = [];
  const end = Buffer.from(`${END}\r\n`);
  const done = new Promise<void>((resolve, reject) => {
    let tail = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      replies.push(chunk);
      tail = Buffer.concat([tail, chunk]).subarray(-end.length);
      if (tail.equals(end)) resolve();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server has closed the connection')));
  });
  let from = 0;
  for (const to of [...ends, stream.length]) {
    if (!socket.write(stream.subarray(from, to))) await Promise.race([once(socket, 'drain'), done]);
    else if (to - from < 1000) await new Promise(setImmediate);
    from = to;
  }
  await done;
  socket.removeAllListeners('close');
  socket.destroy();
  return Buffer.concat(replies);
}

/** Commands on few keys, most of them with large arguments or replies. */
class Stream {
  readonly #random: Random;
  readonly #parts: Buffer[] = [];
  readonly names: string[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  get bytes(): Buffer {
    return Buffer.concat([...this.#parts, encodeCommand(['ECHO', END])]);
  }

  #add(...words: readonly (string | Buffer)[]): void {
    this.names.push(String(words[0]));
    this.#parts.push(encodeCommand(words));
  }

  #value(): Buffer {
    const random = this.#random;
    const value = Buffer.alloc(random.pick(SIZES), random.pick(['x', 'abc', '\r\n$3\r\n']));
    for (let i = 0; i < 8 && value.length > 0; i++) {
      value[random.integer(0, value.length - 1)] = random.integer(0, 255);
    }
    return value;
  }

  #key(): string {
    return this.#random.pick(KEYS);
  }

  /** One command, or what belongs together. */
  addStrings(): void {
    const random = this.#random;
    const any = [
      () => this.#add('SET', this.#key(), this.#value()),
      () => this.#add('SET', this.#key(), this.#value(), 'GET', 'KEEPTTL'),
      () => this.#add('SET', this.#key(), this.#value(), random.pick(['NX', 'XX'])),
      () => this.#add('SET', this.#key(), this.#value(), 'PXAT', '4102444800123'),
      () => this.#add('SET', this.#key(), this.#value(), 'no such option'),
      () => this.#add('SETNX', this.#key(), this.#value()),
      () => this.#add('SETEX', this.#key(), '100000', this.#value()),
      () => this.#add('PSETEX', this.#key(), '0', this.#value()),
      () => this.#add('GETSET', this.#key(), this.#value()),
      () => this.#add('APPEND', this.#key(), this.#value()),
      () => this.#add('APPEND', this.#key(), 'x'),
      () =>
        this.#add('SETRANGE', this.#key(), `${random.pick([0, 5, MIB, 3 * MIB])}`, this.#value()),
      () => this.#add('SETRANGE', this.#key(), `${random.integer(0, 2 * MIB)}`, 'some bytes'),
      () => this.#add('MSET', this.#key(), this.#value(), this.#key(), this.#value()),
      () => this.#add('MSETNX', this.#key(), this.#value(), `${random.next()}`, this.#value()),
      () => this.#add('GET', this.#key()),
      () => this.#add('MGET', ...KEYS, 'missing'),
      () => this.#add('GETRANGE', this.#key(), `${random.integer(-9, MIB)}`, '-2'),
      () => this.#add('GETRANGE', this.#key(), '70000', '70020'),
      () => this.#add('GETDEL', this.#key()),
      () => this.#add('GETEX', this.#key(), 'PERSIST'),
      () => this.#add('STRLEN', this.#key()),
      () => this.#add('COPY', this.#key(), this.#key(), 'REPLACE'),
      () => this.#add('RENAME', this.#key(), this.#key()),
      () => this.#add('INCR', this.#key()),
      () => this.#add('ECHO', this.#value()),
      () => this.#add('PING', this.#value()),
      () => this.#add(this.#value(), 'is no command'),
      () => this.#add('GET', this.#value()),
      () => this.#add('SET', this.#value(), 'v'),
      () => this.#add('DEL', this.#value(), this.#key()),
      () => this.#add('OBJECT', 'ENCODING', this.#key()),
    ];
    random.pick(any)();
  }

  addLists(): void {
    const random = this.#random;
    const list = `l${this.#key()}`;
    const any = [
      () => this.#add('RPUSH', list, this.#value(), this.#value(), 'small'),
      () => this.#add('LPUSH', list, this.#value()),
      () => this.#add('LPUSHX', list, this.#value()),
      () => this.#add('LINSERT', list, 'BEFORE', 'small', this.#value()),
      () => this.#add('LSET', list, `${random.integer(-2, 2)}`, this.#value()),
      () => this.#add('LRANGE', list, '0', '-1'),
      () => this.#add('LINDEX', list, `${random.integer(-2, 2)}`),
      () => this.#add('LPOP', list),
      () => this.#add('RPOP', list, '2'),
      () => this.#add('LREM', list, '0', this.#value()),
      () => this.#add('LPOS', list, this.#value()),
      () => this.#add('LMOVE', list, `l${this.#key()}`, 'LEFT', 'RIGHT'),
      () => this.#add('LTRIM', list, '0', '3'),
      () => this.#add('LLEN', list),
    ];
    random.pick(any)();
  }

  addTransaction(): void {
    this.#add('MULTI');
    for (let i = this.#random.integer(0, 4); i > 0; i--) {
      if (this.#random.chance(0.7)) this.addStrings();
      else this.addLists();
    }
    this.#add(this.#random.pick(['EXEC', 'EXEC', 'DISCARD']));
  }

  addMessages(): void {
    this.#add('SUBSCRIBE', 'x');
    this.#add('PUBLISH', 'x', this.#value());
    this.#add('UNSUBSCRIBE');
    this.#add('PUBLISH', 'x', this.#value());
  }
}

async function digestOf({ port }: RunningServer): Promise<string | undefined> {
  const client = await RawClient.connect(port, 60_000);
  const { payload } = await client.command('DEBUG', 'DIGEST');
  await client.close();
  return payload?.toString();
}

describe('streams of large values', () => {
  test.each(Array.from({ length: byTier(6, 40) }, (_, seed) => seed))('seed %i', async (seed) => {
    const random = new Random(seed);
    const stream = new Stream(random);
    const hasResp3 = seed % 2 === 1;
    for (let i = 0; i < 60; i++) {
      const kind = random.next();
      if (kind < 0.55) stream.addStrings();
      else if (kind < 0.85) stream.addLists();
      else if (kind < 0.95) stream.addTransaction();
      // In RESP2 a subscriber may do little else.
      else if (hasResp3) stream.addMessages();
    }
    const bytes = hasResp3
      ? Buffer.concat([encodeCommand(['HELLO', '3']), stream.bytes])
      : stream.bytes;
    const ends = Array.from({ length: 40 }, () => random.integer(0, bytes.length));
    ends.sort((a, b) => a - b);
    const [expected, found] = await Promise.all(
      [redis, synap].map(({ port }) => exchange(port, bytes, ends)),
    );
    expect(withoutGreeting(found, hasResp3).equals(withoutGreeting(expected, hasResp3))).toBe(true);
    expect(await digestOf(synap)).toBe(await digestOf(redis));
  });

  test('are the same after a restart from the log', async () => {
    const before = await digestOf(redis);
    const client = await RawClient.connect(synap.port, 60_000);
    await client.command('DEBUG', 'LOADAOF');
    await client.close();
    expect(await digestOf(synap)).toBe(before);
  });
});

/** Replies behind the one to HELLO, which tells the server's version. */
function withoutGreeting(replies: Buffer, hasResp3: boolean): Buffer {
  return hasResp3 ? replies.subarray(replies.indexOf('modules')) : replies;
}
