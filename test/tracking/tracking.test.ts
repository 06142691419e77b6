// Who is told what and when, without connections. Replies and messages together are compared with
// Redis in test/compatibility/tracking.test.ts.

import { beforeEach, expect, test, vi } from 'vitest';
import { ArenaFullError } from '../../src/memory/arena.ts';
import { Request } from '../../src/protocol/request.ts';
import { BROADCAST, NO_LOOP } from '../../src/tracking/tracker.ts';
import { Tracking } from '../../src/tracking/tracking.ts';
import { FakeClient } from './fake-client.ts';

const INVALID_K = '>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n';
const ALL_INVALID = '>2\r\n$10\r\ninvalidate\r\n_\r\n';
const MESSAGE_K = '*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\nk\r\n';

let clients: Map<number, FakeClient>;
let observed: boolean;
let scheduled: (() => void)[];
let tracking: Tracking;

beforeEach(() => {
  clients = new Map();
  observed = false;
  scheduled = [];
  tracking = new Tracking(
    { k0: 1, k1: 2 },
    {
      find: (id) => clients.get(id),
      observe: (observer) => {
        observed = observer === tracking;
      },
      activated: () => {},
      schedule: (task) => scheduled.push(task),
    },
  );
});

function connect(id: number, protocol: 2 | 3 = 3): FakeClient {
  const client = new FakeClient(id, protocol);
  clients.set(id, client);
  return client;
}

function enable(client: FakeClient, modes = 0, redirect = 0, prefixes: string[] = []): void {
  tracking.enable(client, { modes, redirect, prefixes });
  tracking.end();
}

function read(client: FakeClient, key = 'k'): void {
  if (client.tracker === undefined) throw new Error('the client does not track');
  tracking.remember(client.tracker, Request.of(['get', key]), 1);
}

function change(key = 'k', byClient = true): void {
  const bytes = Buffer.from(key);
  tracking.keyChanged(bytes, 0, bytes.length, byClient);
}

test('observes keys while somebody tracks, and keeps nothing afterwards', () => {
  const [a, b] = [connect(1), connect(2)];
  expect([observed, tracking.active]).toEqual([false, false]);
  enable(a);
  enable(a, NO_LOOP);
  enable(b, BROADCAST);
  expect([observed, tracking.active, tracking.clients]).toEqual([true, true, 2]);
  read(a);
  tracking.disable(a);
  tracking.disable(a);
  expect([observed, tracking.clients, tracking.table.keys, tracking.prefixes.size]).toEqual([
    true,
    1,
    1,
    1,
  ]);
  expect(tracking.forget(b)()).toBe(true);
  expect([observed, tracking.active, tracking.clients]).toEqual([false, false, 0]);
  expect([tracking.table.keys, tracking.prefixes.size]).toEqual([0, 0]);
});

test('everyone who read a key is told at once, and one whose command it is at its end', () => {
  const [a, b, c] = [connect(1), connect(2), connect(3, 2)];
  for (const client of [a, b, c]) {
    enable(client);
    read(client);
  }
  tracking.begin(a, false);
  change();
  expect([a.hear(), b.hear(), c.hear()]).toEqual([[], [INVALID_K], []]);
  tracking.end();
  expect(a.hear()).toEqual([INVALID_K]);
  change();
  expect([a.hear(), b.hear()]).toEqual([[], []]);
});

test('a client that left, and one that took its place, are not told', () => {
  const [a, b] = [connect(1), connect(2)];
  enable(a);
  enable(b);
  read(a);
  tracking.forget(a);
  const c = connect(3);
  enable(c);
  change();
  expect([a.hear(), b.hear(), c.hear()]).toEqual([[], [], []]);
  expect(tracking.table.items).toBe(0);
});

test('to whom a client redirects is told at once, unless nothing may be sent to it now', () => {
  const [a, b] = [connect(1), connect(2, 2)];
  enable(b, 0, 1);
  read(b);
  tracking.begin(a, false);
  change();
  expect(a.hear()).toEqual([INVALID_K]);
  tracking.end();
  read(b);
  tracking.begin(a, true);
  change();
  tracking.sendWithheld();
  expect(a.hear()).toEqual([]);
  tracking.end();
  expect(a.hear()).toEqual([INVALID_K]);
});

test('in RESP2 only a subscriber to which another client redirects is told', () => {
  const [a, b] = [connect(1, 2), connect(2, 2)];
  a.isSubscriber = true;
  b.isSubscriber = true;
  enable(a);
  enable(b, 0, 1);
  read(a);
  change();
  expect(a.hear()).toEqual([]);
  read(b);
  change();
  expect([a.hear(), b.hear()]).toEqual([[MESSAGE_K], []]);
  a.isSubscriber = false;
  read(b);
  change();
  expect(a.hear()).toEqual([]);
});

test('what is evicted before a command is told before its reply', () => {
  const a = connect(1);
  enable(a);
  read(a);
  tracking.begin(a, false);
  change('k', false);
  tracking.sendWithheld();
  expect(a.hear()).toEqual([INVALID_K]);
  tracking.end();
  expect(a.hear()).toEqual([]);
});

test('prefixes are told of once, when everything that arrived has run', () => {
  const [a, b] = [connect(1), connect(2)];
  enable(a, BROADCAST | NO_LOOP, 0, ['k']);
  enable(b, BROADCAST);
  tracking.begin(a, false);
  change();
  change('x');
  tracking.end();
  change('k2', false);
  expect([scheduled.length, a.hear(), b.hear()]).toEqual([1, [], []]);
  scheduled.pop()?.();
  expect(a.hear()).toEqual(['>2\r\n$10\r\ninvalidate\r\n*1\r\n$2\r\nk2\r\n']);
  expect(b.hear()).toEqual(['>2\r\n$10\r\ninvalidate\r\n*3\r\n$1\r\nk\r\n$2\r\nk2\r\n$1\r\nx\r\n']);
  // What expires meanwhile was not done by the client whose command is running.
  tracking.begin(a, false);
  change('k', false);
  tracking.end();
  scheduled.pop()?.();
  expect(a.hear()).toEqual([INVALID_K]);
});

test('emptied databases', () => {
  const [a, b] = [connect(1), connect(2)];
  enable(a, NO_LOOP);
  enable(b, BROADCAST);
  read(a);
  tracking.begin(a, false);
  tracking.flushed();
  expect([a.hear(), b.hear(), tracking.table.keys]).toEqual([[], [ALL_INVALID], 0]);
  tracking.end();
  expect(a.hear()).toEqual([ALL_INVALID]);
});

test('the limit drops keys until it is kept, with more effort each time', () => {
  const a = connect(1);
  enable(a, NO_LOOP);
  for (let i = 0; i < 1000; i++) read(a, `key:${i}`);
  tracking.limitKeys();
  expect(tracking.table.keys).toBe(1000);
  tracking.maxKeys = 10;
  const left = [];
  for (let i = 0; i < 5; i++) {
    tracking.limitKeys();
    left.push(tracking.table.keys);
  }
  expect(left).toEqual([900, 700, 400, 10, 10]);
  expect(a.hear().length).toBe(990);
});

test('what cannot be remembered is invalid at once', () => {
  const a = connect(1);
  enable(a);
  vi.spyOn(tracking.table, 'add').mockImplementation(() => {
    throw new ArenaFullError();
  });
  tracking.begin(a, false);
  read(a);
  expect(a.hear()).toEqual([]);
  tracking.end();
  expect(a.hear()).toEqual([INVALID_K]);
});
