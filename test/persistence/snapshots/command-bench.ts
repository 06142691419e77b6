// A keyspace on which random commands run, past dispatch: all that write, time that passes, keys that
// expire and are evicted, memory that is given back.
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { families } from '../../../src/commands/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Client } from '../../../src/core/client.ts';
import { CommandTable } from '../../../src/core/command-table.ts';
import type { Services } from '../../../src/core/services.ts';
import type { Snapshots } from '../../../src/core/snapshots.ts';
import { Eviction } from '../../../src/keyspace/eviction.ts';
import type { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { dumpValue } from '../../../src/persistence/rdb/dump-payload.ts';
import { Request } from '../../../src/protocol/request.ts';
import { hashesOf } from '../../../src/types/hash/values.ts';
import { listsOf } from '../../../src/types/list/values.ts';
import { setsOf } from '../../../src/types/set/set-tables.ts';
import { streamsOf } from '../../../src/types/stream/values.ts';
import { sortedSetsOf } from '../../../src/types/zset/values.ts';
import type { Random } from '../../support/random.ts';
import { TestServer } from '../../support/test-call.ts';
import {
  LARGE_STREAM_LINES,
  SELDOM_STREAM_LINES,
  STREAM_LINES,
  StreamWords,
} from './stream-lines.ts';

const START_MS = 1_700_000_000_000;
const FOREVER = Number.POSITIVE_INFINITY;

/**
 * Commands: K a key, L another of the keys of lists, S one of sets, Z one of sorted sets,
 * H of HyperLogLogs, J of hashes, F a field, V a
 * value, B a large one, N a small number, O a place in a large value, M an index, T a time in the future.
 */
const LINES: readonly string[] = [
  ...['SET K V', 'SET K V', 'SET K V PXAT T', 'SET K V KEEPTTL', 'SET K V GET', 'SETNX K V'],
  ...[
    'SETEX K 1 V',
    'PSETEX K 900 V',
    'GETSET K V',
    'GETDEL K',
    'GETEX K PERSIST',
    'GETEX K PXAT T',
  ],
  ...['MSET K V K V K V', 'MSETNX K V K V', 'APPEND K V', 'SETRANGE K N V', 'INCR K', 'DECR K'],
  ...['INCRBY K N', 'DECRBY K N', 'INCRBYFLOAT K 1.5', 'DEL K K', 'UNLINK K K', 'GET K'],
  ...[
    'RENAME K K',
    'RENAMENX K K',
    'MOVE K 1',
    'MOVE L 2',
    'COPY K K REPLACE',
    'COPY L L DB 1 REPLACE',
  ],
  ...[
    'PERSIST K',
    'EXPIRE K 1',
    'PEXPIRE K 700',
    'EXPIREAT K 1700000005',
    'PEXPIREAT K T',
    'GET K',
  ],
  ...['LPUSH L V V V', 'RPUSH L V V V V V V', 'RPUSH L V', 'LPUSHX L V', 'RPUSHX L V', 'LPOP L N'],
  ...['RPOP L', 'LINSERT L BEFORE a V', 'LSET L 0 V', 'LSET L -1 V', 'LREM L 0 a', 'LTRIM L 1 -2'],
  ...['LMOVE L L LEFT RIGHT', 'RPOPLPUSH L L', 'LMPOP 2 L L LEFT COUNT N', 'LRANGE L 0 -1'],
  ...['SADD S V V V', 'SADD S N N', 'SADD S V', 'SREM S V a', 'SREM S N', 'SPOP S', 'SPOP S N'],
  ...[
    'SMOVE S S V',
    'SMOVE S S 5',
    'SADD S a 5',
    'SINTERSTORE S S S',
    'SUNIONSTORE S S S',
    'SDIFFSTORE S S S',
  ],
  ...['SETBIT K N 1', 'BITFIELD K SET u8 N 7 INCRBY u8 0 1', 'BITOP XOR K K K', 'PFADD H V V'],
  ...['PFADD H V', 'PFCOUNT H', 'PFMERGE H H', 'PFDEBUG TODENSE H', 'BITOP NOT K K'],
  ...['HSET J F V F V F V', 'HSET J F V', 'HSETNX J F V', 'HMSET J F V F V', 'HDEL J F F F'],
  ...['HINCRBY J n N', 'HINCRBYFLOAT J n 0.5', 'HGETALL J', 'COPY J J REPLACE', 'RENAME J J'],
  ...['HDEL J F', 'PEXPIRE J 700'],
  ...[
    'HPEXPIREAT J T FIELDS 3 F F F',
    'HPEXPIRE J 900 FIELDS 2 F F',
    'HEXPIRE J 1 FIELDS 2 F F',
    'HEXPIREAT J 1700000005 FIELDS 1 F',
    'HPERSIST J FIELDS 6 F F F F F F',
    'HPERSIST J FIELDS 6 F F F F F F',
    'HSETEX J PXAT T FIELDS 4 F V F V F V F V',
    'HSETEX J PXAT T FIELDS 2 F V F V',
    'HSETEX J PXAT T FIELDS 4 F V F V F V F V',
    'HGETEX J PXAT T FIELDS 1 F',
    'HGETDEL J FIELDS 1 F',
  ],
  ...['ZADD Z N V N V 1.5 V', 'ZADD Z N V', 'ZADD Z XX INCR N V', 'ZINCRBY Z N V', 'ZREM Z V V V'],
  ...['ZPOPMIN Z N', 'ZPOPMAX Z', 'ZMPOP 2 Z Z MIN COUNT N', 'ZREMRANGEBYRANK Z 0 N'],
  ...['ZREMRANGEBYSCORE Z 0 N', 'ZREMRANGEBYLEX Z [a [b', 'ZRANGESTORE Z Z 0 20'],
  ...['ZUNIONSTORE Z 2 Z Z', 'ZINTERSTORE Z 2 Z Z', 'ZDIFFSTORE Z 2 Z Z'],
  ...['ZRANGE Z 0 -1 WITHSCORES', 'COPY Z Z REPLACE', 'PEXPIRE Z 700'],
  ...['GEOADD Z N N V M N V', 'GEOSEARCHSTORE Z Z FROMLONLAT N N BYRADIUS 5000 km COUNT 9'],
  ...['GEORADIUS Z N N 900 km STORE Z', 'GEORADIUSBYMEMBER Z V 900 km STOREDIST Z'],
  ...['SORT L ALPHA LIMIT 0 20 STORE L', 'SORT S ALPHA LIMIT 0 9 STORE L', 'SORT_RO Z ALPHA'],
  ...['RESTORE K 0 D REPLACE', 'RESTORE K 900 D', 'SELECT 0', 'SELECT 1', 'PEXPIRE L 700'],
  ...STREAM_LINES,
];
/** As the others, but seldom: there would be nothing left to change. */
const SELDOM: readonly string[] = [
  'FLUSHDB',
  'FLUSHALL',
  'SWAPDB 0 1',
  'SWAPDB 1 2',
  'FLUSHDB SYNC',
  ...SELDOM_STREAM_LINES,
];

/** Beside the others, where values are large. */
const LARGE_LINES: readonly string[] = [
  ...[
    'SETRANGE K O V',
    'SETRANGE K O V',
    'SETBIT K O 1',
    'SETBIT K O 0',
    'APPEND K B',
    'SET K B',
    'SET K B KEEPTTL',
    'SET K B PXAT T',
  ],
  ...[
    'RPUSH L B',
    'LPUSH L V B V',
    'LSET L M V',
    'LSET L M B',
    'LINSERT L AFTER a B',
    'LREM L M a',
  ],
  ...LARGE_STREAM_LINES,
];

/** Entries of a long stream. */
const LONG_STREAM = 500;

const NOISE = randomBytes(2_000_000);

/** Which keys there are, and how large their values. */
export interface BenchOptions {
  /** Few keys, many of whose values are too large to be saved in one step. */
  readonly isLarge?: boolean;
}

/** The bench; see the head of this file. */
export class CommandBench {
  /** A key that `aim` aims at. */
  target: string | undefined;
  readonly commands: { readonly name: string; readonly flags: number }[];
  /** Commands that have changed something. */
  readonly changing = new Set<string>();
  readonly keyspace: Keyspace;
  /** What RESTORE takes. */
  readonly dump: Buffer;

  readonly #server: TestServer;
  readonly #client: Client;
  readonly #eviction: Eviction;
  readonly #random: Random;
  readonly #isLarge: boolean;
  readonly #lines: readonly string[];
  readonly #streamWords: StreamWords;
  /** How many keys come before the one that is the target; -1 or less: none is. */
  #keysToTarget = -1;
  #nowMs = START_MS;

  constructor(random: Random, { isLarge = false }: BenchOptions = {}) {
    this.#random = random;
    this.#isLarge = isLarge;
    this.#streamWords = new StreamWords(random);
    this.#lines = isLarge ? [...LINES, ...LARGE_LINES] : LINES;
    const commands = [...new CommandTable(families).runnable()];
    const rows = commands.filter(({ parent }) => parent === undefined).map(({ row }) => row);
    this.#server = new TestServer(rows, {
      config: loadConfig({ settings: [] }),
      snapshots: { emptied: () => {} } as Snapshots,
    } as Partial<Services>);
    this.keyspace = this.#server.keyspace;
    this.keyspace.tick(START_MS);
    listsOf(this.keyspace.entries).limits = { directive: -2, maxBytes: 100, maxCount: 8 };
    setsOf(this.keyspace.entries).limits = {
      intsetEntries: 6,
      packedEntries: 0,
      packedValueBytes: 64,
    };
    hashesOf(this.keyspace.entries).limits = { maxFields: 8, maxBytes: 64 };
    sortedSetsOf(this.keyspace.entries).limits = { maxEntries: 8, maxBytes: 64 };
    streamsOf(this.keyspace.entries).entries.limits = { maxEntries: 5, maxBytes: 4096 };
    this.#client = this.#server.connect();
    this.run('SET', 'dumped', 'a value');
    const db = this.keyspace.databases[0];
    this.dump = dumpValue(this.keyspace, db.lookupForChange(Request.of(['dumped']), 0), true);
    this.#eviction = new Eviction(this.keyspace);
    this.#eviction.setPolicy('allkeys-random');
    this.commands = commands.map(({ fullName, flags }) => ({ name: fullName, flags }));
  }

  /** Makes new keys, in the present database. */
  fill(count: number): void {
    for (let i = 0; i < count; i++) this.run('SET', `key:${i}`, `value:${i}`);
  }

  /** Makes long lists, sets, hashes, sorted sets and strings, in the present database. */
  fillLarge(): void {
    const random = this.#random;
    for (let i = 0; i < 10; i++) {
      const elements = Array.from({ length: 2500 }, (_, k) => `${k} ${'-'.repeat(k % 30)}`);
      const last = i % 4 === 0 ? [this.#large(), 'last'] : [];
      this.run('RPUSH', `list:${i}`, 'a', ...elements, 'a', ...last);
      this.run('SADD', `set:${i}`, ...elements, ...last);
      const pairs = elements.flatMap((element, k) => [`f${k}`, element]);
      this.run('HSET', `hash:${i}`, ...pairs, ...(last.length > 0 ? ['f7', last[0]] : []));
      const ranked = elements.flatMap((element, k) => [`${k % 700}`, element]);
      this.run('ZADD', `zset:${i}`, '1', 'a', ...ranked, '2.5', 'b');
      for (let k = 0; k < LONG_STREAM; k++) {
        this.run('XADD', `stream:${i}`, '*', 'field', `${k}`.padEnd(200), `f${k % 3}`, String(k));
      }
      if (last.length > 0) this.run('XADD', `stream:${i}`, '*', 'large', last[0]);
      this.run('XGROUP', 'CREATE', `stream:${i}`, 'group:0', '0');
      this.run(...`XREADGROUP GROUP group:0 consumer:${i % 3} STREAMS stream:${i} >`.split(' '));
      this.run('SET', `key:${i}`, this.#large());
      if (random.chance(0.3)) this.run('PEXPIRE', `key:${i}`, String(random.integer(500, 4000)));
      if (random.chance(0.3)) this.run('PEXPIRE', `list:${i}`, String(random.integer(500, 4000)));
    }
  }

  /** Has time pass, and what is due expire. */
  pass(ms: number): void {
    this.#nowMs += ms;
    this.keyspace.tick(this.#nowMs);
    this.keyspace.expireDue(FOREVER);
  }

  /** Evicts keys, so many at most. */
  evict(count: number): void {
    let left = count;
    this.#eviction.run(() => left-- > 0, FOREVER);
  }

  /** Runs a command about the target; now and then it may expire, or be evicted. */
  aim(): void {
    const random = this.#random;
    const kind = random.next();
    if (kind < 0.1) {
      this.pass(random.integer(300, 2000));
    } else if (kind < 0.2) {
      this.evict(4);
    } else {
      const line = random.pick(this.#lines);
      const keys = line.match(/ [KLSHJZX]\b/g)?.length ?? 1;
      this.#keysToTarget = random.integer(0, keys - 1);
      this.#line(line);
    }
  }

  /** Does something at random. */
  step(): void {
    const random = this.#random;
    const kind = random.next();
    if (kind < 0.03) {
      this.#nowMs += random.integer(1, 300);
      this.keyspace.tick(this.#nowMs);
    } else if (kind < 0.05) {
      this.keyspace.expireDue(FOREVER);
    } else if (kind < 0.07) {
      this.evict(4);
    } else if (kind < 0.1) {
      this.keyspace.reclaim(0);
    } else if (kind < 0.105) {
      this.#line(random.pick(SELDOM));
    } else {
      this.#line(random.pick(this.#lines));
    }
  }

  /** Runs a command; returns its reply, encoded. */
  run(...args: (string | Buffer)[]): string {
    const before = this.keyspace.dirty;
    const name = String(args[0]).toLowerCase();
    // It would work in slices otherwise, and nothing waits here.
    this.#client.deniesBlocking = name === 'xcompact';
    const reply = this.#server.run(this.#client, ...args);
    if (name === 'xadd') this.#streamWords.added(reply);
    const fullName = name === 'xgroup' ? `${name}|${String(args[1]).toLowerCase()}` : name;
    if (this.keyspace.dirty !== before) this.changing.add(fullName);
    return reply;
  }

  /** Nothing is held back any more that a snapshot needed. */
  expectNothingKept(): void {
    this.run('FLUSHALL');
    while (this.keyspace.reclaim(FOREVER));
    expect(this.keyspace.arena.overflow.usedBytes).toBe(0);
    expect(this.keyspace.usedBytes).toBe(this.keyspace.initialBytes);
  }

  #line(line: string): void {
    this.run(...line.split(' ').map((word) => this.#word(word)));
  }

  #word(word: string): string | Buffer {
    const random = this.#random;
    if (/^[KLSHJZX]$/.test(word) && this.#keysToTarget-- === 0 && this.target !== undefined) {
      return this.target;
    }
    const ofStream = this.#streamWords.word(word, this.#isLarge ? 10 : 4);
    if (ofStream !== undefined) return ofStream;
    switch (word) {
      case 'K':
        if (random.chance(0.3)) return `list:${random.integer(0, this.#isLarge ? 9 : 3)}`;
        if (random.chance(0.2)) return `zset:${random.integer(0, this.#isLarge ? 9 : 3)}`;
        if (random.chance(0.3)) return `set:${random.integer(0, this.#isLarge ? 9 : 3)}`;
        if (random.chance(0.3)) return `hash:${random.integer(0, this.#isLarge ? 9 : 3)}`;
        if (random.chance(0.2)) return `stream:${random.integer(0, this.#isLarge ? 9 : 3)}`;
        return `key:${random.integer(0, this.#isLarge ? 9 : 99)}`;
      case 'L':
        return `list:${random.integer(0, this.#isLarge ? 9 : 3)}`;
      case 'S':
        return `set:${random.integer(0, this.#isLarge ? 9 : 3)}`;
      case 'H':
        return `hyperloglog:${random.integer(0, 3)}`;
      case 'J':
        return `hash:${random.integer(0, this.#isLarge ? 9 : 3)}`;
      case 'F':
        return `f${random.integer(0, this.#isLarge ? 3000 : 30)}`;
      case 'Z':
        return `zset:${random.integer(0, this.#isLarge ? 9 : 3)}`;
      case 'V':
        return this.#value();
      case 'N':
        return String(random.integer(1, 9));
      case 'T':
        return String(this.#nowMs + random.integer(1, 2000));
      case 'B':
        return this.#large();
      case 'O':
        return String(random.integer(0, 200_000));
      case 'M':
        return String(random.integer(-60, 60));
      case 'D':
        return this.dump;
      default:
        return word;
    }
  }

  #value(): string {
    const random = this.#random;
    if (random.chance(0.3)) return String(random.integer(-1000, 1000));
    return random.pick(['a', 'b']).repeat(random.pick([1, 1, 10, 40, 300, 20_000]));
  }

  /** Bytes that are too many for one step: noise, or what can be compressed, or some of both. */
  #large(): Buffer {
    const random = this.#random;
    const length = random.pick([66_000, 66_000, 80_000, 131_072, 200_000]);
    const start = random.integer(0, NOISE.length - length);
    const bytes = Buffer.from(NOISE.subarray(start, start + length));
    const from = random.pick([0, 0, length >> 1, length]);
    return bytes.fill(`compressible ${random.integer(0, 99)} `, from);
  }
}
