// What wakes clients that wait, through all of dispatch: a key that is created, a value that grows, a key that goes
// whatever takes it away, and a time that comes.
import { setImmediate as nextIteration } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PAUSE_WRITES } from '../../../src/core/client-pause.ts';
import { Eviction } from '../../../src/keyspace/eviction.ts';
import type { TestClient } from '../../support/test-call.ts';
import { STACK_GONE } from '../../types/stub/blocking.ts';
import { DispatchedServer } from './dispatched-server.ts';

const NEVER = Number.POSITIVE_INFINITY;
const GONE = `-${STACK_GONE}\r\n`;
const UNFINISHED = '';

let server: DispatchedServer;
let client: TestClient;

// The time that commands see is that of the test.
vi.mock('../../../src/telemetry/wall-clock.ts', () => ({ unixTimeMsAt: () => Date.now() }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  server = new DispatchedServer();
  client = server.connect();
});

afterEach(() => {
  vi.useRealTimers();
});

function run(...lines: string[]): string {
  return lines.map((line) => server.run(client, ...line.split(' '))).join('');
}

function waiting(line: string): TestClient {
  return server.waiting(...line.split(' '));
}

function answer(key: string, length: number): string {
  return `*2\r\n$${key.length}\r\n${key}\r\n:${length}\r\n`;
}

const sent = (...clients: TestClient[]): string[] => clients.map((one) => one.sent);

describe('a value that grows', () => {
  test('wakes those who wait for more, in their order, as often as they wait', () => {
    run('STUB.PUSH k a b');
    const [one, other, third] = ['2', '3', '2'].map((seen) => waiting(`STUB.READ ${seen} x k`));
    run('STUB.PUSH k c');
    expect(sent(one, other, third)).toEqual([answer('k', 3), UNFINISHED, answer('k', 3)]);
    expect(server.run(one, 'STUB.READ', '3', 'k')).toBe('');
    run('STUB.PUSH x a', 'STUB.PUSH k d');
    expect(sent(one, other)).toEqual([answer('k', 3) + answer('k', 4), answer('k', 4)]);
    expect(server.dispatcher.blocking.size).toBe(0);
    expect(server.keyspace.noticed).toBe(0);
  });

  test('is there as it is when the transaction is over', () => {
    run('STUB.PUSH k a');
    const reader = waiting('STUB.READ 1 k');
    run('MULTI', 'STUB.PUSH k b c', 'STUB.POP k 2', 'EXEC');
    expect(reader.sent).toBe(UNFINISHED);
    run('MULTI', 'STUB.PUSH k b', 'STUB.PUSH k c');
    expect(reader.sent).toBe(UNFINISHED);
    run('EXEC');
    expect(reader.sent).toBe(answer('k', 3));
  });

  test('and when the commands are over that one command runs', () => {
    run('STUB.PUSH k a');
    const [reader, second, list] = [
      waiting('STUB.READ 1 k x'),
      waiting('STUB.READ 1 x'),
      waiting('BLPOP l 0'),
    ];
    run('NESTED LPUSH l v , STUB.PUSH x a b , STUB.PUSH k b , DEL l , RPUSH l w');
    expect(sent(reader, second, list)).toEqual([
      answer('x', 2),
      answer('x', 2),
      '*2\r\n$1\r\nl\r\n$1\r\nw\r\n',
    ]);
  });

  test('wakes nobody who is gone, and nobody in another database', () => {
    run('STUB.PUSH k a');
    const [killed, other] = [waiting('STUB.READ 1 k'), server.connect()];
    server.run(other, 'SELECT', '1');
    server.run(other, 'STUB.READ', '0', 'k');
    server.dispatcher.blocking.forget(killed);
    run('STUB.PUSH k b');
    expect(sent(killed, other)).toEqual([UNFINISHED, UNFINISHED]);
    expect(server.dispatcher.blocking.size).toBe(1);
    run('MOVE k 1');
    expect(sent(killed, other)).toEqual([UNFINISHED, answer('k', 2)]);
  });

  test('of another type, or a key without waiters, wakes nobody', () => {
    const reader = waiting('STUB.READ 0 k');
    run('SET k v', 'STUB.PUSH x a', 'DEL k', 'RPUSH k a', 'RPUSH k b');
    expect(reader.sent).toBe(UNFINISHED);
    // One type after the other, in one transaction.
    run('MULTI', 'DEL k', 'STUB.PUSH k a', 'EXEC');
    expect(reader.sent).toBe(answer('k', 1));
  });

  test('a string that becomes one of another type is noticed', () => {
    run('STUB.PUSH x a b', 'SET k v');
    run('DEL k');
    const reader = waiting('STUB.READ 1 k');
    run('SET k v', 'COPY x k REPLACE');
    expect(reader.sent).toBe(answer('k', 2));
  });
});

describe('the end of a key', () => {
  const ENDS: readonly (readonly [name: string, lines: readonly string[]])[] = [
    ['DEL', ['DEL k']],
    ['UNLINK', ['UNLINK k']],
    ['the last element', ['STUB.POP k 5']],
    ['SET', ['SET k v']],
    ['MSET', ['MSET other v k v']],
    ['RENAME', ['RENAME k x']],
    ['RENAME of another over it', ['SET s v', 'RENAME s k']],
    ['COPY of another over it', ['SET s v', 'COPY s k REPLACE']],
    ['MOVE', ['MOVE k 1']],
    ['an expiry that is over', ['PEXPIREAT k 1']],
    ['FLUSHDB', ['FLUSHDB']],
    ['FLUSHALL', ['FLUSHALL ASYNC']],
    ['SWAPDB', ['SWAPDB 1 0']],
    ['SWAPDB with another type there', ['SELECT 3', 'SET k v', 'SELECT 0', 'SWAPDB 0 3']],
    ['a transaction', ['MULTI', 'STUB.PUSH k c', 'DEL k', 'RPUSH k v', 'EXEC']],
  ];

  test.each(ENDS)('%s: is told to those who wait for it, and only to them', (_, lines) => {
    run('STUB.PUSH k a b');
    const [follower, reader, second] = [
      waiting('STUB.FOLLOW 5 k'),
      waiting('STUB.READ 5 k'),
      waiting('STUB.FOLLOW 6 k'),
    ];
    run(...lines);
    expect(sent(follower, reader, second)).toEqual([GONE, UNFINISHED, GONE]);
    expect(server.dispatcher.blocking.size).toBe(1);
    // Who is left is woken by a new one.
    run('DEL k', 'STUB.PUSH k 1 2 3 4 5 6');
    expect(reader.sent).toBe(answer('k', 6));
  });

  const STAYS: readonly (readonly [name: string, lines: readonly string[], sent: string])[] = [
    ['DEL and made again', ['MULTI', 'DEL k', 'STUB.PUSH k a', 'EXEC'], UNFINISHED],
    ['the same, longer', ['MULTI', 'DEL k', 'STUB.PUSH k 1 2 3 4 5 6', 'EXEC'], answer('k', 6)],
    ['renamed and back', ['MULTI', 'RENAME k x', 'RENAME x k', 'EXEC'], UNFINISHED],
    ['RENAME over it', ['STUB.PUSH x 1 2 3 4 5 6', 'RENAME x k'], answer('k', 6)],
    ['SWAPDB back', ['MULTI', 'SWAPDB 0 1', 'SWAPDB 1 0', 'EXEC'], UNFINISHED],
    ['FLUSHDB of another', ['SELECT 1', 'FLUSHDB', 'SELECT 0'], UNFINISHED],
    ['DEL of another', ['SET s v', 'DEL s'], UNFINISHED],
    ['PERSIST', ['PEXPIRE k 100000', 'PERSIST k'], UNFINISHED],
  ];

  test.each(STAYS)('%s: what is there counts when all is over', (_, lines, expected) => {
    run('STUB.PUSH k a b');
    const follower = waiting('STUB.FOLLOW 5 k');
    run(...lines);
    expect(follower.sent).toBe(expected);
    expect(follower.blocked).toBe(expected === UNFINISHED);
  });

  test('is not told for what happens to other types, where there never was one', () => {
    const [follower, list] = [waiting('STUB.FOLLOW 5 k'), waiting('BLPOP l 0')];
    run('RPUSH k a');
    expect(sent(follower, list)).toEqual([UNFINISHED, UNFINISHED]);
  });

  test('by expiry and eviction in the background is told soon', async () => {
    run('STUB.PUSH k a', 'STUB.PUSH e a');
    const [first, second] = [waiting('STUB.FOLLOW 5 k'), waiting('STUB.FOLLOW 5 e')];
    run('PEXPIRE e 1');
    server.keyspace.tick(Date.now() + 10);
    server.keyspace.expireDue(NEVER);
    expect(second.sent).toBe(UNFINISHED);
    await nextIteration();
    expect(sent(first, second)).toEqual([UNFINISHED, GONE]);
    const eviction = new Eviction(server.keyspace);
    eviction.setPolicy('allkeys-random');
    eviction.run(() => server.keyspace.databases[0].size > 0, NEVER);
    await nextIteration();
    expect(first.sent).toBe(GONE);
  });

  test('by expiry that a command meets is told after it', () => {
    run('STUB.PUSH k a');
    const follower = waiting('STUB.FOLLOW 5 k');
    run('PEXPIRE k 1');
    vi.setSystemTime(Date.now() + 1);
    expect(run('EXISTS k')).toBe(':0\r\n');
    expect(follower.sent).toBe(GONE);
  });

  test('by eviction before a command that must wait itself is told soon', async () => {
    run('STUB.PUSH k a');
    const follower = waiting('STUB.FOLLOW 5 k');
    server.pause.begin(PAUSE_WRITES, 1000, Date.now());
    const [db] = server.keyspace.databases;
    server.limitMemory(() => {
      if (db.size > 0) db.evictEntry(db.random());
    });
    expect(run('SET a v')).toBe('');
    expect([follower.sent, server.pause.suspended.size]).toEqual(['', 1]);
    await nextIteration();
    expect(follower.sent).toBe(GONE);
  });

  test('waits for the data to be loaded', async () => {
    run('STUB.PUSH k a');
    const follower = waiting('STUB.FOLLOW 5 k');
    const other = server.connect();
    const dueMs = Date.now() + 1000;
    for (const line of ['SELECT 1', `STUB.PUSH k ${dueMs}`, 'STUB.DUE k']) {
      server.run(other, ...line.split(' '));
    }
    server.setLoading(true);
    server.keyspace.flush(0);
    const begin = vi.spyOn(server.dispatcher, 'begin');
    for (let i = 0; i < 5; i++) await nextIteration();
    run('PING');
    for (let i = 0; i < 5; i++) await nextIteration();
    // Nothing is tried again and again.
    expect(begin).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(5000);
    await nextIteration();
    expect(sent(follower, other)).toEqual([UNFINISHED, UNFINISHED]);
    server.setLoading(false);
    run('PING');
    expect(sent(follower, other)).toEqual([GONE, `:${dueMs}\r\n`]);
  });

  test('of many lists and waiters for lists is no matter of theirs', () => {
    const lists = Array.from({ length: 3 }, () => waiting('BLPOP k l 0'));
    expect(server.keyspace.noticed).toBe(1);
    run('MULTI', 'RPUSH k a b', 'DEL k', 'RPUSH k c', 'EXEC', 'FLUSHALL', 'SWAPDB 0 1');
    expect(sent(...lists)).toEqual(['*2\r\n$1\r\nk\r\n$1\r\nc\r\n', '', '']);
  });
});

describe('a time that comes', () => {
  /** Now, some milliseconds later. */
  const later = (ms: number): number => Date.now() + ms;

  test('wakes who waits, to the millisecond, and the others one after another', () => {
    run(`STUB.PUSH k ${later(60)}`, `STUB.PUSH k ${later(30)}`);
    const [first, second] = [waiting('STUB.DUE k'), waiting('STUB.DUE x k')];
    vi.advanceTimersByTime(29);
    expect(sent(first, second)).toEqual(['', '']);
    vi.advanceTimersByTime(1);
    expect(sent(first, second)).toEqual([`:${Date.now()}\r\n`, '']);
    vi.advanceTimersByTime(29);
    expect(second.sent).toBe('');
    vi.advanceTimersByTime(1);
    expect(second.sent).toBe(`:${Date.now()}\r\n`);
    expect([server.keyspace.waits.soonestMs, vi.getTimerCount()]).toEqual([NEVER, 0]);
  });

  test('is the same for several keys: they come in the order in which they got it', () => {
    const due = later(5000);
    run(`STUB.PUSH b ${due}`, `STUB.PUSH a ${due} ${due}`, `STUB.PUSH c ${due}`);
    const clients = ['c', 'a', 'b c', 'a b'].map((keys) => waiting(`STUB.DUE ${keys}`));
    const order: number[] = [];
    for (const [i, one] of clients.entries()) one.send = () => order.push(i);
    vi.advanceTimersByTime(4999);
    expect(order).toEqual([]);
    vi.advanceTimersByTime(1);
    // c first, then both of a, then b, of which one still waits.
    expect(order).toEqual([0, 1, 3, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is that of the element which is on top by then', () => {
    run(`STUB.PUSH k ${later(1_000_000)}`);
    const one = waiting('STUB.DUE k');
    const soon = later(20);
    run(`STUB.PUSH k ${soon}`);
    expect(server.keyspace.waits.soonestMs).toBe(soon);
    run('STUB.POP k 1');
    vi.advanceTimersByTime(20);
    expect(one.sent).toBe('');
    expect(server.keyspace.waits.soonestMs).toBe(later(1_000_000 - 20));
    vi.advanceTimersByTime(1_000_000 - 21);
    expect(one.sent).toBe('');
    vi.advanceTimersByTime(1);
    expect(one.sent).toBe(`:${Date.now()}\r\n`);
  });

  test('is another one when the key was deleted and made again', () => {
    run(`STUB.PUSH k ${later(20)}`);
    const one = waiting('STUB.DUE k');
    run('MULTI', 'DEL k', `STUB.PUSH k ${later(50)}`, 'EXEC');
    expect(server.keyspace.waits.soonestMs).toBe(later(50));
    run('DEL k');
    expect(vi.getTimerCount()).toBe(0);
    run(`STUB.PUSH k ${later(40)}`);
    vi.advanceTimersByTime(39);
    expect(one.sent).toBe('');
    vi.advanceTimersByTime(1);
    expect(one.sent).toBe(`:${Date.now()}\r\n`);
  });

  test('follows the key that gets the name', () => {
    const { waits } = server.keyspace;
    const soon = later(20);
    run(`STUB.PUSH x ${soon}`, `STUB.PUSH k ${later(1_000_000)}`);
    const one = waiting('STUB.DUE k');
    run('RENAME x k');
    expect(waits.soonestMs).toBe(soon);
    run('RENAME k y');
    expect(waits.soonestMs).toBe(NEVER);
    run('SELECT 1', `STUB.PUSH k ${soon}`, 'SWAPDB 0 1');
    expect(waits.soonestMs).toBe(soon);
    vi.advanceTimersByTime(20);
    expect(one.sent).toBe(`:${soon}\r\n`);
  });

  test('is noticed soon when the clock is set', () => {
    run(`STUB.PUSH k ${later(3_600_000)}`);
    const one = waiting('STUB.DUE k');
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(1000);
    expect(one.sent).not.toBe('');
  });

  test('keeps no process alive', () => {
    vi.useRealTimers();
    run(`STUB.PUSH k ${later(1_000_000)}`);
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    waiting('STUB.DUE k');
    expect(timers()).toBe(before);
  });

  test('ends with the key, with its database, and with the last who waits', () => {
    const { waits } = server.keyspace;
    for (const end of ['DEL k', 'FLUSHDB', 'SWAPDB 0 1', 'SET k v']) {
      run(`STUB.PUSH k ${later(1_000_000)}`);
      const one = waiting('STUB.DUE k');
      expect([waits.soonestMs, vi.getTimerCount()]).toEqual([later(1_000_000), 1]);
      run(end);
      expect([waits.soonestMs, vi.getTimerCount()], end).toEqual([NEVER, 0]);
      server.dispatcher.blocking.forget(one);
      run('FLUSHALL');
    }
    run(`STUB.PUSH k ${later(1_000_000)}`);
    for (const one of [waiting('STUB.DUE k'), waiting('STUB.DUE k')]) {
      expect(vi.getTimerCount()).toBe(1);
      server.dispatcher.blocking.forget(one);
    }
    expect([waits.soonestMs, vi.getTimerCount(), server.keyspace.noticed]).toEqual([NEVER, 0, 0]);
  });
});
