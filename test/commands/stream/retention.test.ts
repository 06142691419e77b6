// XRETAIN: what it answers, what is trimmed by its rules in the background, what reaches the log and who is told, and that
// rules stay with their keys and nothing is left of them afterwards.
import { describe, expect, test, vi } from 'vitest';
import { families } from '../../../src/commands/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Services } from '../../../src/core/services.ts';
import type { Snapshots } from '../../../src/core/snapshots.ts';
import { streamsOf } from '../../../src/types/stream/values.ts';
import { TestServer } from '../../support/test-call.ts';
import { byTier } from '../../support/tier.ts';

const NOW = 1_700_000_000_000;
const SYNTAX = '-ERR syntax error';

/** A server whose time is set, and which remembers events, and effects of work in the background. */
class Bench {
  readonly events: string[] = [];
  readonly effects: string[] = [];
  readonly server: TestServer;
  readonly #client;

  constructor() {
    this.server = new TestServer(families.flat(), {
      config: loadConfig({ settings: [] }),
      snapshots: { emptied: () => {} } as Snapshots,
    } as Partial<Services>);
    const { keyspace } = this.server;
    keyspace.observeRemovals({
      keyRemoved: () => {},
      fieldsRemoved: () => {},
      entriesRemoved: ({ index }, { key, args }) =>
        void this.effects.push(`${index} ${key} ${args[args.length - 1]}`),
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
    this.#client = this.server.connect();
    this.now(0);
  }

  get keyspace() {
    return this.server.keyspace;
  }

  get streams() {
    return streamsOf(this.keyspace.entries);
  }

  /** Sets the time, in ms from the beginning. */
  now(ms: number): void {
    this.keyspace.tick(NOW + ms);
  }

  resp3(): void {
    this.#client.protocol = 3;
  }

  /** Runs a command given as a line; the reply without its last line end, others as spaces. */
  run(line: string): string {
    const reply = this.server.run(this.#client, ...line.split(' '));
    return reply.trimEnd().replaceAll('\r\n', ' ');
  }

  /** Adds entries with the ids `first`-1, and so on. */
  add(key: string, first: number, count: number, value = 'v'): void {
    for (let i = first; i < first + count; i++) this.run(`XADD ${key} ${i}-1 f ${value}`);
  }

  /** Does all work in the background that is due. */
  work(): void {
    this.keyspace.expireDue(Number.POSITIVE_INFINITY);
  }

  length(key: string): number {
    return Number(this.run(`XLEN ${key}`).slice(1));
  }

  /** The id of the first entry. */
  first(key: string): string | undefined {
    return this.run(`XRANGE ${key} - + COUNT 1`).split(' ')[3];
  }
}

describe('setting and reading', () => {
  test('what is set is answered as a map', () => {
    const bench = new Bench();
    bench.add('s', 1, 1);
    expect(bench.run('XRETAIN s GET')).toBe('$-1');
    expect(bench.run('XRETAIN s MAXLEN 10')).toBe('+OK');
    expect(bench.run('xretain s get')).toBe('*4 $6 maxlen :10 $4 keep $3 all');
    expect(bench.run('XRETAIN s keep unread maxbytes 4096 MaxAge 60000 MAXLEN 0')).toBe('+OK');
    expect(bench.run('XRETAIN s GET')).toBe(
      '*8 $6 maxlen :0 $6 maxage :60000 $8 maxbytes :4096 $4 keep $6 unread',
    );
    // The new rule takes the place of the old one as a whole.
    expect(bench.run('XRETAIN s MAXAGE 9007199254740991')).toBe('+OK');
    bench.resp3();
    expect(bench.run('XRETAIN s GET')).toBe('%2 $6 maxage :9007199254740991 $4 keep $3 all');
    expect(bench.run('XRETAIN s NONE')).toBe('+OK');
    expect(bench.run('XRETAIN s NONE')).toBe('+OK');
    expect(bench.run('XRETAIN s GET')).toBe('_');
  });

  test.each([
    ['MAXLEN', SYNTAX],
    ['MAXLEN 1 MAXLEN 2', SYNTAX],
    ['MAXLEN 1 KEEP ALL KEEP ALL', SYNTAX],
    ['KEEP UNREAD', SYNTAX],
    ['MAXLEN 1 KEEP NONE', SYNTAX],
    ['MAXLEN ~ 1', '-ERR value is not an integer or out of range'],
    ['MAXLEN 1 GET', SYNTAX],
    ['GET MAXLEN', SYNTAX],
    ['NONE NONE', SYNTAX],
    ['MINID 1-1', SYNTAX],
    ['MAXLEN -1', '-ERR The MAXLEN argument must be >= 0.'],
    ['MAXAGE -1', '-ERR The MAXAGE argument must be >= 0.'],
    ['MAXBYTES x', '-ERR value is not an integer or out of range'],
  ])('XRETAIN s %s is refused', (words, error) => {
    const bench = new Bench();
    bench.add('s', 1, 1);
    expect(bench.run(`XRETAIN s ${words}`)).toBe(error);
    expect(bench.run('XRETAIN s GET')).toBe('$-1');
  });

  test('only a stream that is there has a rule', () => {
    const bench = new Bench();
    bench.run('SET string v');
    for (const words of ['MAXLEN 1', 'GET', 'NONE']) {
      expect(bench.run(`XRETAIN s ${words}`)).toBe('-ERR no such key');
      expect(bench.run(`XRETAIN string ${words}`)).toMatch(/^-WRONGTYPE /);
    }
    expect(bench.run('EXISTS s')).toBe(':0');
  });

  test('changes are counted and told of, and nothing else is', () => {
    const bench = new Bench();
    bench.add('s', 1, 1);
    bench.keyspace.chooseEvents('Et');
    const { dirty } = bench.keyspace;
    bench.run('XRETAIN s GET');
    bench.run('XRETAIN s NONE');
    expect([bench.keyspace.dirty - dirty, bench.events]).toEqual([0, []]);
    bench.run('XRETAIN s MAXLEN 5');
    bench.run('XRETAIN s NONE');
    expect([bench.keyspace.dirty - dirty, bench.events]).toEqual([2, ['xretain s', 'xretain s']]);
  });
});

describe('trimming', () => {
  test('by number, at once and after every entry that is one too many', () => {
    const bench = new Bench();
    bench.add('s', 1, 250);
    bench.run('XRETAIN s MAXLEN 120');
    expect(bench.length('s')).toBe(250);
    bench.work();
    expect([bench.length('s'), bench.first('s')]).toEqual([120, '131-1']);
    bench.add('s', 251, 3);
    bench.work();
    expect([bench.length('s'), bench.first('s')]).toEqual([120, '134-1']);
    bench.run('XRETAIN s MAXLEN 0');
    bench.work();
    expect([bench.length('s'), bench.run('EXISTS s')]).toEqual([0, ':1']);
    bench.run('XRETAIN s NONE');
    bench.add('s', 1000, 10);
    bench.work();
    expect(bench.length('s')).toBe(10);
    // Exactly as XTRIM leaves it.
    expect(bench.effects).toEqual(['0 s 120', '0 s 120', '0 s 0']);
  });

  test('by age, to the millisecond; ids of the future stay', () => {
    const bench = new Bench();
    bench.run('XADD s 5-1 f v');
    bench.run('XRETAIN s MAXAGE 1000');
    bench.work();
    expect(bench.length('s')).toBe(0);
    bench.add('s', NOW, 300);
    bench.add('s', NOW + 50_000, 1);
    bench.now(1000);
    bench.work();
    expect(bench.length('s')).toBe(301);
    bench.now(1001);
    bench.work();
    expect([bench.length('s'), bench.first('s')]).toEqual([300, `${NOW + 1}-1`]);
    bench.now(1250);
    bench.work();
    expect([bench.length('s'), bench.first('s')]).toEqual([51, `${NOW + 250}-1`]);
    bench.now(51_000);
    bench.work();
    expect(bench.length('s')).toBe(1);
    bench.now(51_001);
    bench.work();
    expect(bench.length('s')).toBe(0);
    expect(bench.effects).toEqual(['0 s 0', '0 s 300', '0 s 51', '0 s 1', '0 s 0']);
  });

  test('by bytes, in whole blocks, but not the last one', () => {
    const bench = new Bench();
    bench.add('s', 1, 1000, 'vvvvvvvvvvvvvvvvvvvv');
    bench.run('XRETAIN s MAXBYTES 10000');
    bench.work();
    const left = bench.length('s');
    expect([left % 100, left > 100, left < 1000]).toEqual([0, true, true]);
    const { streams } = bench;
    const root = bench.keyspace.entries.root(
      bench.keyspace.databases[0].find(Buffer.from('s'), 0, 1),
    );
    expect(streams.bytes(root)).toBeLessThan(10_500);
    bench.run('XRETAIN s MAXBYTES 0');
    bench.work();
    expect(bench.length('s')).toBe(100);
    bench.add('s', 1001, 30);
    bench.work();
    expect([bench.length('s'), bench.first('s')]).toEqual([30, '1001-1']);
  });

  test('a limit that is met last counts', () => {
    const bench = new Bench();
    bench.add('s', NOW, 500);
    bench.run('XRETAIN s MAXLEN 400 MAXAGE 100 MAXBYTES 900000');
    bench.work();
    expect(bench.length('s')).toBe(400);
    bench.now(350);
    bench.work();
    expect(bench.first('s')).toBe(`${NOW + 250}-1`);
  });

  test('entries that a group has not read or not acknowledged stay, if so wanted', () => {
    const bench = new Bench();
    bench.add('s', 1, 300);
    bench.run('XGROUP CREATE s slow 0');
    bench.run('XGROUP CREATE s quick $');
    bench.run('XREADGROUP GROUP slow a COUNT 150 STREAMS s >');
    bench.run('XRETAIN s MAXLEN 10 KEEP UNREAD');
    let time = 0;
    const work = () => {
      time += 100;
      bench.now(time);
      bench.work();
      return bench.first('s');
    };
    expect([work(), bench.length('s')]).toEqual(['1-1', 300]);
    bench.run('XACK s slow 1-1 2-1 4-1');
    expect(work()).toBe('3-1');
    bench.run(`XACK s slow ${Array.from({ length: 148 }, (_, i) => `${i + 3}-1`).join(' ')}`);
    expect(work()).toBe('151-1');
    bench.run('XREADGROUP GROUP slow a NOACK COUNT 100 STREAMS s >');
    expect(work()).toBe('251-1');
    bench.run('XGROUP DESTROY s slow');
    expect([work(), bench.length('s')]).toEqual(['291-1', 10]);
    // What only a rule without that has dropped.
    bench.run('XGROUP CREATE s late 0');
    expect([work(), bench.length('s')]).toEqual(['291-1', 10]);
    bench.run('XRETAIN s MAXLEN 4 KEEP ALL');
    expect([work(), bench.length('s')]).toEqual(['297-1', 4]);
  });

  test('blocks and old entries stay, too, that are unread', () => {
    const bench = new Bench();
    bench.add('s', 1, 1000);
    bench.run('XGROUP CREATE s g 350-1');
    bench.run('XRETAIN s MAXBYTES 1000 KEEP UNREAD');
    bench.work();
    expect(bench.first('s')).toBe('301-1');
    bench.run('XRETAIN s MAXAGE 1 KEEP UNREAD');
    bench.work();
    expect(bench.first('s')).toBe('351-1');
  });

  test('a group of a stream that is stuck is looked at again, but not all the time', () => {
    const bench = new Bench();
    bench.add('s', 1, 10);
    bench.run('XGROUP CREATE s g 0');
    bench.run('XRETAIN s MAXLEN 1 KEEP UNREAD');
    bench.work();
    expect(bench.streams.retention.soonestMs).toBe(NOW + 100);
  });

  test('it is counted, told of and noticed by those who watch', () => {
    const bench = new Bench();
    const { keyspace } = bench;
    bench.add('s', 1, 5);
    bench.run('XRETAIN s MAXLEN 2');
    bench.run('WATCH s');
    keyspace.chooseEvents('Et');
    const { dirty } = keyspace;
    bench.work();
    expect(keyspace.dirty - dirty).toBe(3);
    expect(keyspace.stats.retentionTrimmed).toBe(3);
    expect(bench.events).toEqual(['xtrim s']);
    bench.run('MULTI');
    expect(bench.run('EXEC')).toBe('*-1');
  });

  test('not while a log is repeated, keys are loaded or writes are paused', () => {
    const bench = new Bench();
    const { keyspace } = bench;
    bench.add('s', 1, 5);
    keyspace.dueMs = Number.NEGATIVE_INFINITY;
    bench.run('XRETAIN s MAXLEN 2 MAXAGE 1');
    bench.add('s', 6, 1);
    bench.work();
    expect(bench.length('s')).toBe(6);
    keyspace.dueMs = keyspace.nowMs;
    keyspace.isLoading = true;
    bench.work();
    expect(bench.length('s')).toBe(6);
    keyspace.isLoading = false;
    bench.work();
    expect(bench.length('s')).toBe(0);
  });

  test('very many entries go a few at a time', () => {
    const bench = new Bench();
    const count = byTier(60_000, 1_000_000);
    bench.add('s', 1, count);
    bench.add('t', 1, 10);
    bench.run('XRETAIN s MAXLEN 7');
    bench.run('XRETAIN t MAXLEN 7');
    const steps: number[] = [];
    while (bench.streams.retention.soonestMs <= bench.keyspace.dueMs) {
      const before = performance.now();
      bench.keyspace.expireDue(0);
      steps.push(performance.now() - before);
    }
    expect([bench.length('s'), bench.length('t')]).toEqual([7, 7]);
    // 64 blocks of 100 entries.
    expect(steps.length).toBeGreaterThanOrEqual(count / 6400);
    steps.sort((a, b) => a - b);
    expect(steps[steps.length >> 1]).toBeLessThan(1);
  });

  test('nothing is done for streams that have not too much', () => {
    const bench = new Bench();
    for (let i = 0; i < 100; i++) {
      bench.add(`s${i}`, NOW, 2);
      bench.run(`XRETAIN s${i} MAXLEN 2`);
    }
    bench.work();
    expect(bench.streams.retention.soonestMs).toBe(Number.POSITIVE_INFINITY);
    bench.add('s7', NOW + 2, 1);
    bench.run('XRETAIN s8 MAXAGE 10');
    bench.work();
    expect(bench.effects).toEqual(['0 s7 2']);
    expect(bench.streams.retention.soonestMs).toBe(NOW + 11);
  });
});

describe('with the key', () => {
  const RULE = '*4 $6 maxlen :3 $4 keep $3 all';

  function withRule(): Bench {
    const bench = new Bench();
    bench.add('s', 1, 3);
    bench.run('XRETAIN s MAXLEN 3');
    bench.work();
    return bench;
  }

  test.each([
    ['RENAME s to', 0, 'to'],
    ['RENAMENX s to', 0, 'to'],
    ['MOVE s 5', 5, 's'],
    ['COPY s to', 0, 'to'],
    ['COPY s to DB 3', 3, 'to'],
    ['SWAPDB 0 2', 2, 's'],
  ])('%s takes the rule along', (line, database, key) => {
    const bench = withRule();
    bench.run(line);
    bench.run(`SELECT ${database}`);
    expect(bench.run(`XRETAIN ${key} GET`)).toBe(RULE);
    bench.add(key, 10, 4);
    bench.work();
    expect(bench.length(key)).toBe(3);
    expect(bench.effects).toEqual([`${database} ${key} 3`]);
  });

  test('a copy has a rule of its own', () => {
    const bench = withRule();
    bench.run('COPY s to');
    bench.run('XRETAIN s NONE');
    bench.add('s', 10, 4);
    bench.add('to', 10, 4);
    bench.work();
    expect([bench.length('s'), bench.length('to')]).toEqual([7, 3]);
  });

  test.each([
    'DEL s',
    'UNLINK s',
    'SET s v',
    'RENAME other s',
    'FLUSHDB',
    'FLUSHALL ASYNC',
    'COPY other s REPLACE',
  ])('%s removes the rule', (line) => {
    const bench = new Bench();
    bench.run('XADD other 1-1 f v');
    bench.run('RENAME other elsewhere');
    bench.run('RENAME elsewhere other');
    bench.add('s', 1, 300);
    bench.run('XRETAIN s MAXLEN 3');
    bench.run(line);
    bench.work();
    expect(bench.effects).toEqual([]);
    expect(bench.streams.retention.soonestMs).toBe(Number.POSITIVE_INFINITY);
    expect(bench.streams.retention.overheadBytes).toBe(0);
  });

  test('a rule that is moved in memory has effect as before', () => {
    const bench = withRule();
    const { streams } = bench;
    const { entries, databases } = bench.keyspace;
    const ref = databases[0].find(Buffer.from('s'), 0, 1);
    const rule = streams.retention.of(entries.root(ref));
    vi.spyOn(streams.arena, 'isSparse').mockReturnValue(true);
    entries.setRoot(ref, streams.relocation.begin(entries.root(ref)));
    vi.restoreAllMocks();
    expect(streams.retention.of(entries.root(ref))).not.toBe(rule);
    bench.add('s', 10, 4);
    bench.work();
    expect(bench.length('s')).toBe(3);
    expect(bench.run('XRETAIN s GET')).toBe(RULE);
  });

  test('nothing is left of it', () => {
    const bench = new Bench();
    const { keyspace } = bench;
    const before = keyspace.usedBytes;
    for (let i = 0; i < 500; i++) {
      bench.add(`s${i}`, 1, 5);
      bench.run(`XRETAIN s${i} MAXAGE 5000 KEEP UNREAD`);
      if (i % 3 === 0) bench.run(`XRETAIN s${i} NONE`);
      if (i % 5 === 0) bench.run(`COPY s${i} c${i}`);
    }
    bench.run('FLUSHALL');
    while (keyspace.reclaim(performance.now() + 1000));
    expect(keyspace.usedBytes).toBe(before);
  });
});
