// The expiry of fields of hashes, by the commands of Redis 7.4 and 8.0: what they answer, when fields are gone, what
// reaches the log and who is told. There is no Redis here that has them: what it answers is from its sources.
import { describe, expect, test } from 'vitest';
import { digestOfDatabases } from '../../../src/commands/debug/digest.ts';
import { families } from '../../../src/commands/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { EffectArgument } from '../../../src/core/effects.ts';
import type { Services } from '../../../src/core/services.ts';
import type { Snapshots } from '../../../src/core/snapshots.ts';
import { hashesOf } from '../../../src/types/hash/values.ts';
import { Random } from '../../support/random.ts';
import { TestServer } from '../../support/test-call.ts';
import { byTier } from '../../support/tier.ts';

const NOW = 1_700_000_000_000;
const NO_FIELDS = '-ERR Mandatory argument FIELDS is missing or not at the right position';
const MISMATCH = '-ERR The `numfields` parameter must match the number of arguments';

/** A server whose time is set, and which remembers events and effects. */
class Bench {
  readonly events: string[] = [];
  readonly effects: string[] = [];
  readonly server: TestServer;
  readonly #client;
  #isSuppressed = false;

  constructor() {
    const record = (words: readonly string[]) => void this.effects.push(words.join(' '));
    this.server = new TestServer(families.flat(), {
      effects: {
        active: true,
        maxTransactionBytes: Number.POSITIVE_INFINITY,
        propagateAs: (_: unknown, ...args: EffectArgument[]) => {
          this.#isSuppressed = true;
          record(args.map((arg) => (typeof arg === 'string' ? arg : (arg as Buffer).toString())));
        },
        beginTransaction: () => {},
        endTransaction: () => {},
      },
      config: loadConfig({ settings: [] }),
      snapshots: { emptied: () => {} } as Snapshots,
    } as Partial<Services>);
    const { keyspace } = this.server;
    keyspace.observeRemovals({
      keyRemoved: (_, key) => record(['DEL', key.toString()]),
      fieldsRemoved: (_, key, fields) => record(['HDEL', key.toString(), ...fields.map(String)]),
      entriesRemoved: () => {},
    });
    keyspace.events.publisher = {
      hasSubscribers: true,
      publishBytes: (channel, at, length, message, messageAt, messageLength) => {
        const event = channel.toString('latin1', at, at + length).replace(/.*__:/, '');
        const key = Buffer.from(message).toString('latin1', messageAt, messageAt + messageLength);
        this.events.push(`${event} ${key}`);
        return 1;
      },
    };
    keyspace.chooseEvents('Eghx');
    this.#client = this.server.connect();
    this.now(0);
  }

  /** Sets the time, in ms from the beginning. */
  now(ms: number): void {
    this.server.keyspace.tick(NOW + ms);
  }

  /** Runs a command given as a line; the reply without its last line end, others as spaces. */
  run(line: string): string {
    return this.ask(...line.split(' '));
  }

  ask(...words: string[]): string {
    const before = this.server.keyspace.dirty;
    this.#isSuppressed = false;
    const reply = this.server.run(this.#client, ...words);
    if (this.server.keyspace.dirty !== before && !this.#isSuppressed) {
      this.effects.push(words.join(' '));
    }
    return reply.trimEnd().replaceAll('\r\n', ' ');
  }

  /** Runs a command without an effect; its reply as it is. */
  silently(...words: (string | Buffer)[]): Buffer {
    const reply = this.server.run(this.#client, ...words);
    return Buffer.from(reply, 'latin1');
  }

  /** What was told and recorded since the last call. */
  taken(): { events: string[]; effects: string[] } {
    return { events: this.events.splice(0), effects: this.effects.splice(0) };
  }
}

/** A bench with a hash `h` of a 1, b 2, c 3. */
function withHash(): Bench {
  const bench = new Bench();
  bench.run('HSET h a 1 b 2 c 3');
  bench.taken();
  return bench;
}

describe('setting and reading', () => {
  test('times are answered in each unit', () => {
    const bench = withHash();
    expect(bench.run('HEXPIRE h 10 FIELDS 3 a b missing')).toBe('*3 :1 :1 :-2');
    expect(bench.run('HPEXPIRE h 1500 FIELDS 1 b')).toBe('*1 :1');
    expect(bench.run('HTTL h FIELDS 4 a b c d')).toBe('*4 :10 :2 :-1 :-2');
    expect(bench.run('HPTTL h FIELDS 4 a b c d')).toBe('*4 :10000 :1500 :-1 :-2');
    expect(bench.run('HEXPIRETIME h FIELDS 2 a b')).toBe('*2 :1700000010 :1700000002');
    expect(bench.run('HPEXPIRETIME h FIELDS 2 a b')).toBe('*2 :1700000010000 :1700000001500');
    expect(bench.run('HEXPIREAT h 1800000000 FIELDS 1 c')).toBe('*1 :1');
    expect(bench.run('HPEXPIREAT h 1800000000001 FIELDS 1 a')).toBe('*1 :1');
    expect(bench.run('HPEXPIRETIME h FIELDS 3 a b c')).toBe(
      '*3 :1800000000001 :1700000001500 :1800000000000',
    );
    expect(bench.taken()).toEqual({
      events: Array.from({ length: 4 }, () => 'hexpire h'),
      effects: [
        'HPEXPIREAT h 1700000010000 FIELDS 2 a b',
        'HPEXPIREAT h 1700000001500 FIELDS 1 b',
        'HPEXPIREAT h 1800000000000 FIELDS 1 c',
        'HPEXPIREAT h 1800000000001 FIELDS 1 a',
      ],
    });
    expect(bench.run('OBJECT ENCODING h')).toBe('$9 hashtable');
  });

  test('conditions', () => {
    const bench = withHash();
    bench.run('HPEXPIRE h 1000 FIELDS 1 a');
    const outcomes = (condition: string, ms: number) =>
      bench.run(`HPEXPIRE h ${ms} ${condition} FIELDS 2 a b`);
    expect(outcomes('NX', 500)).toBe('*2 :0 :1');
    bench.run('HPERSIST h FIELDS 1 b');
    expect(outcomes('XX', 1000)).toBe('*2 :1 :0');
    expect(outcomes('gt', 1000)).toBe('*2 :0 :0');
    expect(outcomes('GT', 1001)).toBe('*2 :1 :0');
    expect(outcomes('LT', 1001)).toBe('*2 :0 :1');
    expect(outcomes('lt', 1000)).toBe('*2 :1 :1');
  });

  test('a time that is over removes the field, and the hash with its last one', () => {
    const bench = withHash();
    expect(bench.run('HPEXPIREAT h 1 FIELDS 2 a x')).toBe('*2 :2 :-2');
    expect(bench.run('HEXPIRE h 0 NX FIELDS 1 b')).toBe('*1 :2');
    expect(bench.run('HPEXPIREAT h 1700000000000 FIELDS 2 c c')).toBe('*2 :2 :-2');
    expect(bench.run('EXISTS h')).toBe(':0');
    expect(bench.taken()).toEqual({
      events: ['hdel h', 'hdel h', 'hdel h', 'del h'],
      effects: ['HDEL h a', 'HDEL h b', 'HDEL h c'],
    });
  });

  test('HPERSIST', () => {
    const bench = withHash();
    bench.run('HEXPIRE h 10 FIELDS 2 a b');
    bench.taken();
    expect(bench.run('HPERSIST h FIELDS 3 a c x')).toBe('*3 :1 :-1 :-2');
    expect(bench.run('HPERSIST h FIELDS 1 a')).toBe('*1 :-1');
    expect(bench.run('HTTL h FIELDS 2 a b')).toBe('*2 :-1 :10');
    expect(bench.run('HPERSIST missing FIELDS 2 a b')).toBe('*2 :-2 :-2');
    expect(bench.taken()).toEqual({
      events: ['hpersist h'],
      effects: ['HPERSIST h FIELDS 3 a c x'],
    });
    bench.now(20_000);
    expect(bench.run('HMGET h a b c')).toBe('*3 $1 1 $-1 $1 3');
  });

  test('a missing key', () => {
    const bench = new Bench();
    expect(bench.run('HEXPIRE h 10 FIELDS 2 a b')).toBe('*2 :-2 :-2');
    expect(bench.run('HTTL h FIELDS 2 a b')).toBe('*2 :-2 :-2');
    expect(bench.run('HGETEX h EX 10 FIELDS 2 a b')).toBe('*2 $-1 $-1');
    expect(bench.run('HGETDEL h FIELDS 2 a b')).toBe('*2 $-1 $-1');
    expect(bench.run('HSETEX h FXX FIELDS 1 a 1')).toBe(':0');
    expect(bench.taken()).toEqual({ events: [], effects: [] });
    expect(bench.run('EXISTS h')).toBe(':0');
  });
});

describe('errors', () => {
  const INVALID = '-ERR Number of fields must be a positive integer';
  const NUM_FIELDS = '-ERR Parameter `numFields` should be greater than 0';
  const NOT_INTEGER = '-ERR value is not an integer or out of range';
  const NEGATIVE = '-ERR invalid expire time, must be >= 0';
  const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
  const ONE_TIME = '-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified';
  test.each([
    ['HEXPIRE s x FIELDS 1 a', WRONG_TYPE],
    ['HEXPIRE h x FIELDS 1 a', NOT_INTEGER],
    ['HEXPIRE h -1 FIELDS 1 a', NEGATIVE],
    ['HEXPIRE h -1 bogus 1 a', NEGATIVE],
    ['HEXPIRE h 10 bogus 1 a', NO_FIELDS],
    ['HEXPIRE h 10 NX FIELD 1 a', NO_FIELDS],
    ['HEXPIRE h 10 NX XX FIELDS 1 a', NO_FIELDS],
    ['HEXPIRE h 10 FIELDS 0 a', NUM_FIELDS],
    ['HEXPIRE h 10 FIELDS -1 a', NUM_FIELDS],
    ['HEXPIRE h 10 FIELDS x a', NUM_FIELDS],
    ['HEXPIRE h 10 FIELDS 2 a', MISMATCH],
    ['HEXPIRE h 10 FIELDS 1 a b', MISMATCH],
    ['HEXPIRE h 10 NX FIELDS 1', MISMATCH],
    ['HEXPIRE h 70368744178 FIELDS 1 a', "-ERR invalid expire time in 'hexpire' command"],
    ['HEXPIREAT h 70368744178 FIELDS 1 a', "-ERR invalid expire time in 'hexpireat' command"],
    ['HPEXPIRE h 70368744177663 FIELDS 1 a', "-ERR invalid expire time in 'hpexpire' command"],
    ['HPEXPIREAT h 70368744177664 FIELDS 1 a', "-ERR invalid expire time in 'hpexpireat' command"],
    ['HPEXPIREAT h 70368744177663 FIELDS 1 x', '*1 :-2'],
    ['HPEXPIRE h 9223372036854775808 FIELDS 1 a', NOT_INTEGER],
    ['HTTL s FIELDS 1 a', WRONG_TYPE],
    ['HTTL h FIELD 1 a', NO_FIELDS],
    ['HTTL h FIELDS 0 a', INVALID],
    ['HPTTL h FIELDS x a', INVALID],
    ['HEXPIRETIME h FIELDS 2 a', MISMATCH],
    ['HPERSIST s FIELDS 1 a', WRONG_TYPE],
    ['HPERSIST h FIELDS 0 a', INVALID],
    ['HPERSIST h x 1 a', NO_FIELDS],
    ['HGETDEL s x', WRONG_TYPE],
    ['HGETDEL h x 1 a', NO_FIELDS],
    ['HGETDEL h FIELDS 0 a', INVALID],
    ['HGETDEL h FIELDS 2 a', MISMATCH],
    ['HGETEX s EX x FIELDS 1 a', WRONG_TYPE],
    ['HGETEX h EX x FIELDS 1 a', NOT_INTEGER],
    ['HGETEX h PX -1 FIELDS 1 a', NEGATIVE],
    ['HGETEX h EXAT 70368744178 FIELDS 1 a', "-ERR invalid expire time in 'hgetex' command"],
    ['HGETEX h PERSIST 1 FIELDS 1 a', NO_FIELDS],
    ['HGETEX h PXAT 1 1', NO_FIELDS],
    ['HGETEX h EX 1 EX 1 FIELDS 1 a', NO_FIELDS],
    ['HGETEX h KEEPTTL FIELDS 1 a', NO_FIELDS],
    ['HGETEX h FIELDS 0 a', INVALID],
    ['HGETEX h FIELDS 2 a', MISMATCH],
    ['HSETEX s FIELDS 1 a 1', WRONG_TYPE],
    ['HSETEX s EX x FIELDS 1 a 1', NOT_INTEGER],
    ['HSETEX h EX 10 FIELDS 1 a', "-ERR wrong number of arguments for 'hsetex' command"],
    ['HSETEX h FIELDS 2 a 1 b', "-ERR wrong number of arguments for 'hsetex' command"],
    ['HSETEX h FIELDS 2 a 1', "-ERR wrong number of arguments for 'hsetex' command"],
    ['HSETEX h FIELDS 1 a 1 b 2', "-ERR wrong number of arguments for 'hsetex' command"],
    ['HSETEX h FIELDS 0 a 1', '-ERR invalid number of fields'],
    ['HSETEX h FIELDS x a 1', '-ERR invalid number of fields'],
    ['HSETEX h FIELDS 2147483648 a 1', '-ERR invalid number of fields'],
    ['HSETEX h bogus FIELDS 1 a 1', '-ERR unknown argument: bogus'],
    ['HSETEX h FXX FNX FIELDS 1 a 1', '-ERR Only one of FXX or FNX arguments can be specified'],
    ['HSETEX h FNX FNX FIELDS 1 a 1', '-ERR Only one of FXX or FNX arguments can be specified'],
    ['HSETEX h EX 1 PX 1 FIELDS 1 a 1', ONE_TIME],
    ['HSETEX h KEEPTTL EX 1 FIELDS 1 a 1', ONE_TIME],
    ['HSETEX h EX 1 KEEPTTL FIELDS 1 a 1', ONE_TIME],
    ['HSETEX h FNX KEEPTTL FXX FIELDS 1', '-ERR Only one of FXX or FNX arguments can be specified'],
    ['HSETEX h KEEPTTL FNX bogus EX', '-ERR unknown argument: bogus'],
    ['HSETEX h FNX FIELDSX 1 EX', '-ERR unknown argument: FIELDSX'],
    ['HSETEX h PX -5 FIELDS 1 a 1', NEGATIVE],
    ['HSETEX h EX 70368744178 FIELDS 1 a 1', "-ERR invalid expire time in 'hsetex' command"],
  ])('%s', (line, reply) => {
    const bench = withHash();
    bench.run('SET s v');
    bench.taken();
    expect(bench.run(line)).toBe(reply);
    expect(bench.taken()).toEqual({ events: [], effects: [] });
    expect(bench.run('HGETALL h')).toBe('*6 $1 a $1 1 $1 b $1 2 $1 c $1 3');
  });
});

describe('what ends an expiry, and what keeps it', () => {
  test.each([
    ['HSET h a 5', ':-1'],
    ['HSET h a 1', ':-1'],
    ['HMSET h a something-longer-than-before', ':-1'],
    ['HSETEX h FIELDS 1 a 5', ':-1'],
    ['HSETEX h KEEPTTL FIELDS 1 a 5', ':10'],
    ['HSETEX h KEEPTTL FIELDS 1 a something-longer-than-before', ':10'],
    ['HSETEX h EX 20 FIELDS 1 a 5', ':20'],
    ['HSETNX h a 5', ':10'],
    ['HINCRBY h a 5', ':10'],
    ['HINCRBY h a 5000000000000', ':10'],
    ['HINCRBYFLOAT h a 0.5', ':10'],
    ['HGETEX h FIELDS 1 a', ':10'],
    ['HGETEX h PERSIST FIELDS 1 a', ':-1'],
    ['HGETEX h PXAT 1700000030000 FIELDS 1 a', ':30'],
    ['HDEL h b', ':10'],
    ['EXPIRE h 100', ':10'],
    ['RENAME h h', ':10'],
  ])('%s', (line, ttl) => {
    const bench = withHash();
    bench.run('HEXPIRE h 10 FIELDS 1 a');
    bench.run(line);
    expect(bench.run('HTTL h FIELDS 1 a')).toBe(`*1 ${ttl}`);
    bench.now(10_000);
    expect(bench.run('HEXISTS h a')).toBe(ttl === ':10' ? ':0' : ':1');
  });

  test('effects of commands that set values', () => {
    const bench = withHash();
    bench.run('HEXPIRE h 10 FIELDS 1 a');
    bench.taken();
    bench.run('HINCRBYFLOAT h a 0.5');
    bench.run('HINCRBYFLOAT h b 0.5');
    bench.run('HSETEX h FIELDS 1 a 1');
    bench.run('HSETEX h FXX EX 5 FIELDS 2 a 1 b 2');
    bench.run('HSETEX h KEEPTTL FIELDS 1 a 2');
    bench.run('HSETEX h PXAT 1700000009000 FNX FIELDS 1 d 2');
    expect(bench.run('HSETEX h FNX FIELDS 2 d 2 e 1')).toBe(':0');
    expect(bench.run('HSETEX h FXX FIELDS 2 d 2 e 1')).toBe(':0');
    expect(bench.taken()).toEqual({
      events: [
        ...['hincrbyfloat h', 'hincrbyfloat h', 'hset h', 'hset h', 'hexpire h', 'hset h'],
        ...['hset h', 'hexpire h'],
      ],
      effects: [
        'HSETEX h KEEPTTL FIELDS 1 a 1.5',
        'HSET h b 2.5',
        'HSETEX h FIELDS 1 a 1',
        'HSETEX h PXAT 1700000005000 FIELDS 2 a 1 b 2',
        'HSETEX h KEEPTTL FIELDS 1 a 2',
        'HSETEX h PXAT 1700000009000 FIELDS 1 d 2',
      ],
    });
    expect(bench.run('HPTTL h FIELDS 4 a b c d')).toBe('*4 :5000 :5000 :-1 :9000');
  });

  test('HSETEX with a time that is over', () => {
    const bench = withHash();
    expect(bench.run('HSETEX h EXAT 1 FIELDS 2 a 5 x 1')).toBe(':1');
    expect(bench.run('HMGET h a b c x')).toBe('*4 $-1 $1 2 $1 3 $-1');
    expect(bench.run('HSETEX new PX 0 FIELDS 1 x 1')).toBe(':1');
    expect(bench.run('EXISTS new')).toBe(':0');
    expect(bench.taken()).toEqual({
      events: ['hset h', 'hdel h', 'hset new', 'hdel new', 'del new'],
      effects: ['HDEL h a x', 'HDEL new x'],
    });
  });

  test('HGETDEL and HGETEX', () => {
    const bench = withHash();
    expect(bench.run('HGETDEL h FIELDS 2 a x')).toBe('*2 $1 1 $-1');
    expect(bench.run('HGETEX h FIELDS 2 a b')).toBe('*2 $-1 $1 2');
    expect(bench.run('HGETEX h PX 100 FIELDS 3 a b c')).toBe('*3 $-1 $1 2 $1 3');
    expect(bench.run('HGETEX h PERSIST FIELDS 2 c c')).toBe('*2 $1 3 $1 3');
    expect(bench.run('HGETEX h PXAT 1 FIELDS 1 c')).toBe('*1 $1 3');
    expect(bench.run('HGETDEL h FIELDS 1 b')).toBe('*1 $1 2');
    expect(bench.run('EXISTS h')).toBe(':0');
    expect(bench.taken()).toEqual({
      events: ['hdel h', 'hexpire h', 'hpersist h', 'hdel h', 'hdel h', 'del h'],
      effects: [
        'HDEL h a',
        'HPEXPIREAT h 1700000000100 FIELDS 2 b c',
        'HPERSIST h FIELDS 1 c',
        'HDEL h c',
        'HDEL h b',
      ],
    });
  });
});

describe('when the time has come', () => {
  test('to the millisecond, for every reader', () => {
    const bench = withHash();
    bench.run('HPEXPIRE h 100 FIELDS 2 a b');
    bench.now(99);
    expect(bench.run('HGETALL h')).toContain('$1 a $1 1');
    expect(bench.run('HLEN h')).toBe(':3');
    bench.taken();
    bench.now(100);
    // Whatever asks, even if it may not delete: while clients are paused nothing may change.
    bench.server.keyspace.expiryPaused = true;
    for (const [line, reply] of [
      ['HGET h a', '$-1'],
      ['HMGET h a b c', '*3 $-1 $-1 $1 3'],
      ['HGETALL h', '*2 $1 c $1 3'],
      ['HKEYS h', '*1 $1 c'],
      ['HVALS h', '*1 $1 3'],
      ['HLEN h', ':1'],
      ['HEXISTS h a', ':0'],
      ['HSTRLEN h a', ':0'],
      ['HSCAN h 0', '*2 $1 0 *2 $1 c $1 3'],
      ['HRANDFIELD h', '$1 c'],
      ['HRANDFIELD h 5', '*1 $1 c'],
      ['HRANDFIELD h -2', '*2 $1 c $1 c'],
      ['HTTL h FIELDS 2 a c', '*2 :-2 :-1'],
      ['HPEXPIRETIME h FIELDS 1 b', '*1 :-2'],
    ]) {
      expect(bench.run(line), line).toBe(reply);
    }
    expect(bench.taken()).toEqual({ events: [], effects: [] });
    bench.server.keyspace.expiryPaused = false;
    expect(bench.run('HGET h c')).toBe('$1 3');
    expect(bench.taken()).toEqual({ events: ['hexpired h'], effects: ['HDEL h a b'] });
    expect(hashesOf(bench.server.keyspace.entries).timers.soonestMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('the key goes with its last field', () => {
    const bench = withHash();
    bench.run('HPEXPIRE h 100 FIELDS 3 a b c');
    bench.taken();
    bench.now(100);
    expect(bench.run('EXISTS h')).toBe(':0');
    expect(bench.taken()).toEqual({
      events: ['hexpired h', 'del h'],
      effects: [expect.stringMatching(/^HDEL h [abc] [abc] [abc]$/)],
    });
    expect(bench.run('HSET h a 1')).toBe(':1');
    expect(bench.run('HGETALL h')).toBe('*2 $1 a $1 1');
  });

  test('a command that makes the hash anew finds nothing', () => {
    const lines = ['HINCRBY h a 5', 'HSETNX h a 5', 'HSET h a 5', 'HSETEX h FNX FIELDS 1 a 5'];
    for (const line of lines) {
      const bench = withHash();
      bench.run('HPEXPIRE h 100 FIELDS 3 a b c');
      bench.now(100);
      bench.run(line);
      expect(bench.run('HGETALL h'), line).toBe('*2 $1 a $1 5');
      expect(bench.run('HTTL h FIELDS 1 a')).toBe('*1 :-1');
    }
  });

  test('the background removes what is due, wherever the hash has gone', () => {
    const bench = withHash();
    bench.run('HPEXPIRE h 100 FIELDS 1 a');
    bench.run('COPY h copied');
    bench.run('RENAME h renamed');
    bench.run('COPY renamed moved');
    bench.run('MOVE moved 1');
    bench.run('COPY renamed swapped DB 2');
    bench.run('SWAPDB 2 3');
    bench.run('HSET emptied a 1 b 2');
    bench.run('HPEXPIRE emptied 50 FIELDS 1 a');
    bench.run('MOVE emptied 5');
    bench.run('SELECT 5');
    bench.run('FLUSHDB');
    bench.run('SELECT 0');
    bench.taken();
    bench.now(100);
    const { keyspace } = bench.server;
    expect(keyspace.expireDue(Number.POSITIVE_INFINITY)).toBe(false);
    const { events, effects } = bench.taken();
    expect(events.sort()).toEqual(
      ['copied', 'moved', 'renamed', 'swapped'].map((key) => `hexpired ${key}`),
    );
    expect(effects.length).toBe(4);
    for (const key of ['copied', 'renamed']) {
      expect(bench.run(`HMGET ${key} a b c`)).toBe('*3 $-1 $1 2 $1 3');
    }
    expect(hashesOf(keyspace.entries).timers.soonestMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('very many at once: nobody sees them, and a few go at a time', () => {
    const bench = new Bench();
    const fields = Array.from({ length: 5000 }, (_, i) => `f${i}`);
    bench.ask('HSETEX', 'h', 'PX', '100', 'FIELDS', '5000', ...fields.flatMap((f) => [f, '1']));
    bench.run('HSET h stays 1');
    bench.taken();
    bench.now(100);
    expect(bench.run('HLEN h')).toBe(':1');
    const { effects } = bench.taken();
    expect(effects.length).toBe(1);
    expect(effects[0].split(' ').length).toBeLessThan(100);
    expect(bench.run('HGETALL h')).toBe('*2 $5 stays $1 1');
    expect(bench.run('HRANDFIELD h 3')).toBe('*1 $5 stays');
    expect(bench.run('HINCRBY h f4999 5')).toBe(':5');
    expect(bench.run('HSETNX h f4998 7')).toBe(':1');
    expect(bench.run('HDEL h f4997 f4996')).toBe(':0');
    expect(bench.run('HLEN h')).toBe(':3');
    expect(bench.server.keyspace.expireDue(performance.now() - 1)).toBe(true);
    expect(bench.server.keyspace.expireDue(Number.POSITIVE_INFINITY)).toBe(false);
    expect(bench.run('HLEN h')).toBe(':3');
    expect(bench.run('HPTTL h FIELDS 3 stays f4999 f4998')).toBe('*3 :-1 :-1 :-1');
  });
});

test('whoever watches the hash is told', () => {
  const bench = withHash();
  bench.run('HPEXPIRE h 100 FIELDS 1 a');
  const { keyspace } = bench.server;
  const watcher = bench.server.connect();
  keyspace.watch(watcher, keyspace.databases[0], Buffer.from('h'));
  bench.now(100);
  expect(watcher.dirty).toBe(false);
  keyspace.expireDue(Number.POSITIVE_INFINITY);
  expect(watcher.dirty).toBe(true);
  keyspace.unwatch(watcher);
});

/** Fields with their values and times, as they are to be. */
type Model = Map<string, { value: string; timeMs: number }>;

describe('random commands', () => {
  test.each(Array.from({ length: byTier(20, 300) }, (_, i) => i))('seed %i', (seed) => {
    const random = new Random(seed);
    const bench = new Bench();
    const model: Model = new Map();
    let now = 0;
    if (random.chance(0.5)) {
      hashesOf(bench.server.keyspace.entries).limits = { maxFields: 4, maxBytes: 64 };
    }
    for (let i = 0; i < 300; i++) {
      if (random.chance(0.2)) now += random.integer(1, 40);
      bench.now(now);
      const nowMs = NOW + now;
      for (const [field, { timeMs }] of model) if (timeMs <= nowMs) model.delete(field);
      step(bench, random, model, nowMs);
      if (random.chance(0.1)) bench.server.keyspace.expireDue(Number.POSITIVE_INFINITY);
      if (random.chance(0.05)) reload(bench);
      check(bench, model, nowMs);
    }
    expectSameAfterReplay(bench);
    bench.run('DEL h');
    const { keyspace } = bench.server;
    keyspace.flush();
    while (keyspace.reclaim(Number.POSITIVE_INFINITY));
    expect(hashesOf(keyspace.entries).timers.soonestMs).toBe(Number.POSITIVE_INFINITY);
  });
});

function step(bench: Bench, random: Random, model: Model, nowMs: number): void {
  const field = () => `f${random.integer(0, 9)}`;
  const name = field();
  const known = model.get(name);
  const value = random.pick(['1', '22', 'a longer value than the others', 'x'.repeat(80)]);
  const ms = random.integer(1, 200);
  const never = Number.POSITIVE_INFINITY;
  switch (random.integer(0, 9)) {
    case 0:
      bench.ask('HSET', 'h', name, value);
      model.set(name, { value, timeMs: never });
      break;
    case 1:
      bench.ask('HDEL', 'h', name);
      model.delete(name);
      break;
    case 2:
      bench.ask('HPEXPIRE', 'h', String(ms), 'FIELDS', '1', name);
      if (known !== undefined) model.set(name, { ...known, timeMs: nowMs + ms });
      break;
    case 3:
      bench.ask('HPEXPIRE', 'h', String(ms), 'GT', 'FIELDS', '1', name);
      if (known !== undefined && known.timeMs !== never && known.timeMs < nowMs + ms) {
        model.set(name, { ...known, timeMs: nowMs + ms });
      }
      break;
    case 4:
      bench.ask('HPERSIST', 'h', 'FIELDS', '1', name);
      if (known !== undefined) model.set(name, { ...known, timeMs: never });
      break;
    case 5:
      bench.ask('HSETEX', 'h', 'PX', String(ms), 'FIELDS', '1', name, value);
      model.set(name, { value, timeMs: nowMs + ms });
      break;
    case 6:
      bench.ask('HSETEX', 'h', 'KEEPTTL', 'FIELDS', '1', name, value);
      model.set(name, { value, timeMs: known?.timeMs ?? never });
      break;
    case 7: {
      const reply = bench.ask('HINCRBY', 'h', name, '3');
      if (reply.startsWith(':')) {
        model.set(name, { value: reply.slice(1), timeMs: known?.timeMs ?? never });
      }
      break;
    }
    case 8:
      bench.ask('HGETEX', 'h', 'PXAT', String(nowMs + ms), 'FIELDS', '1', name);
      if (known !== undefined) model.set(name, { ...known, timeMs: nowMs + ms });
      break;
    default:
      bench.ask('HGETDEL', 'h', 'FIELDS', '1', name);
      model.delete(name);
  }
}

/** Puts the hash through a payload. */
function reload(bench: Bench): void {
  if (bench.run('EXISTS h') === ':0') return;
  const dumped = bench.silently('DUMP', 'h');
  const payload = dumped.subarray(dumped.indexOf('\r\n') + 2, -2);
  expect(bench.silently('RESTORE', 'h', '0', payload, 'REPLACE').toString()).toBe('+OK\r\n');
}

function check(bench: Bench, model: Model, nowMs: number): void {
  expect(bench.run('HLEN h')).toBe(`:${model.size}`);
  expect(bench.run('EXISTS h')).toBe(model.size === 0 ? ':0' : ':1');
  for (let i = 0; i < 10; i++) {
    const known = model.get(`f${i}`);
    const value = known === undefined ? '$-1' : `$${known.value.length} ${known.value}`;
    expect(bench.run(`HGET h f${i}`)).toBe(value);
    const ttl = known === undefined ? -2 : known.timeMs - nowMs;
    expect(bench.run(`HPTTL h FIELDS 1 f${i}`)).toBe(`*1 :${Number.isFinite(ttl) ? ttl : -1}`);
  }
}

/** The effects, run once more where nothing expires, make the same data. */
function expectSameAfterReplay(bench: Bench): void {
  const other = new Bench();
  const effects = bench.effects.splice(0);
  other.now(10_000_000);
  other.server.keyspace.dueMs = Number.NEGATIVE_INFINITY;
  for (const effect of effects) {
    // The only values with spaces.
    const words = effect.replaceAll('a longer value than the others', '\0').split(' ');
    other.ask(...words.map((word) => word.replaceAll('\0', 'a longer value than the others')));
  }
  bench.run('DEL missing');
  expect(digestOfDatabases(other.server.keyspace)).toBe(digestOfDatabases(bench.server.keyspace));
  for (let i = 0; i < 10; i++) {
    const line = `HPEXPIRETIME h FIELDS 1 f${i}`;
    expect(other.run(line)).toBe(bench.run(line));
  }
}
