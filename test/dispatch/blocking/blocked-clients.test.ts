// Waiting for keys without a server: a handler of the test's own that waits for strings, so that
// what holds for all types is tested apart from lists.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Wait } from '../../../src/core/call.ts';
import { Call } from '../../../src/core/call.ts';
import { REPLY_OFF, REPLY_ON, REPLY_SKIP, Transaction } from '../../../src/core/client.ts';
import type { CommandRow } from '../../../src/core/command-row.ts';
import type { Services } from '../../../src/core/services.ts';
import { BlockedClients } from '../../../src/dispatch/blocking/blocked-clients.ts';
import type { CommandRunner } from '../../../src/dispatch/blocking/deferred-replies.ts';
import { KEY_CREATED, KEY_GONE, KEY_GROWN } from '../../../src/keyspace/key-signals.ts';
import { TYPE_STRING } from '../../../src/keyspace/plain-strings.ts';
import { Request } from '../../../src/protocol/request.ts';
import { find, remove, store, typesWithWaiters } from '../../keyspace/support.ts';
import { type TestClient, TestServer } from '../../support/test-call.ts';

const DAY_MS = 86_400_000;
const ROW: CommandRow = {
  name: 'bget',
  arity: -2,
  flags: 0,
  group: 'string',
  since: '1.0.0',
  summary: '',
  handler: () => {},
};

let server: TestServer;
let blocking: BlockedClients;
let recovered: unknown[];
let accounted: string[];
/** Whether a command runs that serves when it is over. */
let isRunning: boolean;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  recovered = [];
  accounted = [];
  isRunning = true;
  const runner: CommandRunner = {
    isRunning: () => isRunning,
    run: () => {},
    begin: () => server.keyspace.tick(Date.now()),
    invoke: (call, _, handler) => handler(call),
    end: () => blocking.serveReady(),
    recover: (error) => {
      recovered.push(error);
      server.reply.error('ERR internal error');
    },
    countErrors: (before) => server.reply.errors !== before,
    account: ({ request }, { fullName }) => accounted.push(`${fullName} ${request.latin1(1)}`),
  };
  const tracking = { active: false } as Services['tracking'];
  server = new TestServer([ROW], { tracking }, typesWithWaiters);
  server.keyspace.tick(Date.now());
  blocking = new BlockedClients(server.reply, server.services, server.connect(), runner);
  Object.assign(server.services, { blocking });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Answers the number of the argument that was ready, and deletes the key. */
function serve(call: Call, i: number): boolean {
  call.reply.integer(i);
  call.db.delete(call.request, i);
  return true;
}

/** A client that waits for keys. */
function waiter(keys: readonly string[], wait: Partial<Wait> = {}): TestClient {
  const client = server.connect();
  block(client, keys, wait);
  return client;
}

function block(client: TestClient, keys: readonly string[], wait: Partial<Wait> = {}): void {
  const call = new Call(server.reply, server.services, client, blocking);
  call.request = Request.of(['bget', ...keys]);
  client.lastCommand = server.command(call.request);
  const blocked = call.block({
    type: TYPE_STRING,
    events: KEY_CREATED,
    firstKey: 1,
    lastKey: keys.length,
    timeoutMs: 0,
    serve,
    ...wait,
  });
  expect(blocked).toBe(true);
}

/** Creates keys, as one command, and serves those who wait for them. */
function create(...keys: string[]): void {
  const [db] = server.keyspace.databases;
  for (const key of keys) store(db, key);
  blocking.serveReady();
}

describe('serving', () => {
  test('goes by key, and for each key by the time of waiting, while there is something', () => {
    const [a, b, c] = [waiter(['x', 'y']), waiter(['y']), waiter(['x'])];
    create('x', 'y');
    expect([a.sent, b.sent, c.sent]).toEqual([':1\r\n', ':1\r\n', '']);
    expect([a.blocked, b.blocked, c.blocked]).toEqual([false, false, true]);
    create('x');
    expect(c.sent).toBe(':1\r\n');
    expect(blocking.size).toBe(0);
    expect(accounted).toEqual(['bget x', 'bget y', 'bget x']);
  });

  test('tells from which key, and leaves what was encoded before', () => {
    const client = waiter(['x', 'y', 'z']);
    client.protocol = 3;
    const mark = server.reply.mark();
    server.reply.ok();
    create('y');
    expect(client.sent).toBe(':2\r\n');
    expect(server.reply.copySince(mark).toString()).toBe('+OK\r\n');
    expect(server.reply.resp3).toBe(false);
  });

  test('leaves a client that finds nothing for itself in its place', () => {
    let isReady = false;
    const picky = (call: Call, i: number): boolean => {
      call.reply.integer(100);
      return isReady && serve(call, i);
    };
    const [a, b] = [waiter(['x'], { serve: picky }), waiter(['x'])];
    create('x');
    expect([a.sent, b.sent]).toEqual(['', ':1\r\n']);
    block(b, ['x']);
    isReady = true;
    create('x');
    expect([a.sent, b.sent]).toEqual([':100\r\n:1\r\n', ':1\r\n']);
  });

  test('goes on with keys that it makes ready itself', () => {
    const [db] = server.keyspace.databases;
    const move = (call: Call, i: number): boolean => {
      store(db, 'y');
      return serve(call, i);
    };
    const [b, a] = [waiter(['y']), waiter(['x'], { serve: move })];
    create('x');
    expect([a.sent, b.sent, find(db, 'y')]).toEqual([':1\r\n', ':1\r\n', 0]);
  });

  test('passes by what is gone, or of another type, when its turn comes', () => {
    const [db] = server.keyspace.databases;
    const client = waiter(['x']);
    store(db, 'x');
    remove(db, 'x');
    blocking.serveReady();
    expect([client.sent, client.blocked]).toEqual(['', true]);
  });

  test('survives a handler that throws', () => {
    const error = new Error('a defect');
    const client = waiter(['x'], {
      serve: () => {
        throw error;
      },
    });
    create('x');
    expect(recovered).toEqual([error]);
    expect([client.sent, client.blocked]).toEqual(['-ERR internal error\r\n', false]);
    expect(client.lastCommand?.stats.failed).toBe(1);
  });

  test('keeps answers back from those who want none', () => {
    const [off, skip] = [waiter(['x']), waiter(['y'])];
    off.replyMode = REPLY_OFF;
    skip.replyMode = REPLY_SKIP;
    create('x', 'y');
    expect([off.sent, skip.sent, blocking.size]).toEqual(['', '', 0]);
    expect([off.replyMode, skip.replyMode]).toEqual([REPLY_OFF, REPLY_ON]);
  });
});

describe('time', () => {
  test('ends waiting, however long it was to be', () => {
    const [short, long, forever] = [
      waiter(['x'], { timeoutMs: 500 }),
      waiter(['x'], { timeoutMs: 60 * DAY_MS + 1 }),
      waiter(['x'], { timeoutMs: 2 ** 62 }),
    ];
    expect([blocking.size, blocking.limited]).toEqual([3, 3]);
    vi.advanceTimersByTime(499);
    expect(short.sent).toBe('');
    vi.advanceTimersByTime(1);
    expect([short.sent, blocking.size, blocking.limited]).toEqual(['*-1\r\n', 2, 2]);
    long.protocol = 3;
    vi.advanceTimersByTime(60 * DAY_MS - 500);
    expect(long.sent).toBe('');
    vi.advanceTimersByTime(1);
    expect(long.sent).toBe('_\r\n');
    expect([forever.blocked, blocking.limited]).toEqual([true, 1]);
    create('x');
    expect([forever.sent, blocking.limited]).toEqual([':1\r\n', 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not end it twice', () => {
    const client = waiter(['x'], { timeoutMs: 500 });
    create('x');
    block(client, ['x']);
    vi.advanceTimersByTime(1000);
    expect([client.sent, client.blocked]).toEqual([':1\r\n', true]);
  });
});

describe('keys that become ready while nothing runs', () => {
  const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const ALL = KEY_CREATED | KEY_GROWN | KEY_GONE;

  beforeEach(() => {
    isRunning = false;
  });

  test('are served soon, all of them at once', async () => {
    const [db] = server.keyspace.databases;
    const [a, b] = [waiter(['x']), waiter(['y'])];
    for (const key of ['y', 'x']) store(db, key);
    expect([a.sent, b.sent]).toEqual(['', '']);
    await soon();
    expect([a.sent, b.sent]).toEqual([':1\r\n', ':1\r\n']);
  });

  test('are left to the command that came before', async () => {
    const [db] = server.keyspace.databases;
    const a = waiter(['x']);
    store(db, 'x');
    blocking.serveReady();
    expect(a.sent).toBe(':1\r\n');
    await soon();
    expect([a.sent, blocking.size]).toEqual([':1\r\n', 0]);
  });

  test('by time are served at that time, by the timer of the soonest', () => {
    const [db] = server.keyspace.databases;
    for (const key of ['x', 'y', 'z']) store(db, key);
    const [a, b, c] = ['x', 'y', 'z'].map((key) => waiter([key], { events: KEY_GROWN }));
    db.signalAt(find(db, 'x'), Date.now() + 5000);
    db.signalAt(find(db, 'y'), Date.now() + 2500);
    db.signalAt(find(db, 'z'), Date.now() - 1);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    expect([a.sent, b.sent, c.sent]).toEqual(['', '', ':1\r\n']);
    vi.advanceTimersByTime(2498);
    expect(b.sent).toBe('');
    vi.advanceTimersByTime(1);
    expect([a.sent, b.sent]).toEqual(['', ':1\r\n']);
    expect(vi.getTimerCount()).toBe(1);
    blocking.forget(a);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('serve nobody whom serving another has taken away', async () => {
    const [db] = server.keyspace.databases;
    store(db, 'x');
    const served: string[] = [];
    const others: TestClient[] = [];
    const notes = (name: string) => () => {
      served.push(name);
      for (const other of others) blocking.forget(other);
      return true;
    };
    others.push(waiter(['x'], { events: ALL, serve: notes('a') }));
    others.push(waiter(['x'], { events: ALL, serve: notes('b') }));
    others.push(waiter(['x'], { events: ALL, serve: notes('c') }));
    waiter(['x'], { events: ALL, serve: notes('d') });
    remove(db, 'x');
    await soon();
    expect(served).toEqual(['a', 'd']);
    expect([blocking.size, server.keyspace.waits.size, server.keyspace.noticed]).toEqual([0, 0, 0]);
  });
});

test('others end waiting', () => {
  const [a, b, c] = [waiter(['x']), waiter(['x'], { timeoutMs: 500 }), server.connect()];
  expect(blocking.unblock(a, true)).toBe(true);
  expect(blocking.unblock(b, false)).toBe(true);
  expect([a, b, c].map((client) => blocking.unblock(client, true))).toEqual([false, false, false]);
  expect(a.sent).toBe('-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n');
  expect(b.sent).toBe('*-1\r\n');
  expect(a.lastCommand?.stats.failed).toBe(2);
  expect([blocking.size, blocking.limited, vi.getTimerCount()]).toEqual([0, 0, 0]);
});

test('who is forgotten gets nothing', () => {
  const [a, b] = [waiter(['x', 'y'], { timeoutMs: 500 }), waiter(['x'])];
  blocking.forget(a);
  blocking.forget(a);
  create('x', 'y');
  vi.advanceTimersByTime(1000);
  expect([a.sent, b.sent, blocking.size]).toEqual(['', ':1\r\n', 0]);
});

test('in a transaction nobody waits', () => {
  const client = server.connect();
  client.transaction = new Transaction();
  const call = new Call(server.reply, server.services, client, blocking);
  const wait = { events: KEY_CREATED, firstKey: 1, lastKey: 1, timeoutMs: 0, serve };
  expect(call.block({ type: TYPE_STRING, ...wait })).toBe(false);
  expect([client.blocked, blocking.size]).toEqual([false, 0]);
});
