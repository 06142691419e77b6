import { beforeEach, describe, expect, test } from 'vitest';
import { Request } from '../../src/protocol/request.ts';
import { SlowLog, type SlowLogEntry } from '../../src/telemetry/slow-log.ts';
import { measureHeap } from '../support/heap.ts';

const client = { address: { remote: '127.0.0.1:5000' }, name: 'worker' };
let log: SlowLog;

beforeEach(() => {
  log = new SlowLog();
  log.slowerThanUs = 100;
});

function record(durationUs: number, ...args: string[]): void {
  log.recordIfSlow(client, Request.of(args), durationUs);
}

function newest(count: number): SlowLogEntry[] {
  return [...log.newest(count)];
}

function argumentsOfNewest(): string[] {
  return newest(1)[0].args.map(String);
}

test('records from the threshold on, and nothing when it is negative', () => {
  record(99.9, 'GET', 'fast');
  expect(log.length).toBe(0);
  record(100, 'GET', 'slow');
  expect(log.length).toBe(1);
  log.slowerThanUs = -1;
  record(1e9, 'GET', 'slow');
  expect(log.length).toBe(1);
  log.slowerThanUs = 0;
  record(0, 'GET', 'fast');
  expect(log.length).toBe(2);
});

test('tells who asked, when and how long it took', () => {
  record(123.9, 'GET', 'key');
  const [entry] = newest(1);
  expect(entry).toMatchObject({
    id: 0,
    durationUs: 123,
    clientAddress: '127.0.0.1:5000',
    clientName: 'worker',
  });
  expect(Math.abs(entry.timeSeconds - Date.now() / 1000)).toBeLessThan(10);
});

test('keeps the newest entries, newest first, and goes on counting', () => {
  log.maxLength = 3;
  for (let i = 0; i < 100; i++) record(100, 'GET', String(i));
  expect(newest(10).map(({ id }) => id)).toEqual([99, 98, 97]);
  expect(newest(2).map(({ id }) => id)).toEqual([99, 98]);
  log.maxLength = 1;
  expect(newest(10).map(({ id }) => id)).toEqual([99]);
  log.reset();
  expect(newest(10)).toEqual([]);
  record(100, 'PING');
  expect(newest(10).map(({ id }) => id)).toEqual([100]);
  log.maxLength = 0;
  expect(log.length).toBe(0);
});

test('takes no more memory than it may, however many entries are allowed, and no heap', () => {
  log.maxLength = 1e9;
  log.maxBytes = 4_000_000;
  const args = ['ECHO', ...Array.from({ length: 40 }, () => 'x'.repeat(200))];
  const request = Request.of(args);
  const fill = () => {
    for (let i = 0; i < 10_000; i++) log.recordIfSlow(client, request, 100);
  };
  fill();
  const { heapBytes } = measureHeap(fill);
  expect(heapBytes).toBeLessThan(500_000);
  expect(log.sizeBytes).toBeLessThanOrEqual(4_000_000);
  expect(log.sizeBytes).toBeGreaterThan(3_000_000);
  expect(log.length).toBeGreaterThan(500);
  const ids = newest(1e9).map(({ id }) => id);
  expect(ids).toEqual(Array.from({ length: log.length }, (_, i) => 19_999 - i));
  // One entry is kept, however small the limit is.
  log.maxBytes = 1;
  log.recordIfSlow({ ...client, name: 'n'.repeat(100_000) }, request, 100);
  expect(newest(10).map(({ clientName }) => clientName)).toEqual(['n'.repeat(16_384)]);
});

describe('arguments', () => {
  test('are copies', () => {
    const request = Request.of(['SET', 'key', 'value']);
    log.recordIfSlow(client, request, 100);
    request.buffer.fill(0);
    expect(argumentsOfNewest()).toEqual(['SET', 'key', 'value']);
  });

  test('are cut after 128 bytes', () => {
    record(100, 'SET', 'a'.repeat(128), 'b'.repeat(129));
    expect(argumentsOfNewest().slice(1)).toEqual([
      'a'.repeat(128),
      `${'b'.repeat(128)}... (1 more bytes)`,
    ]);
  });

  test('are at most 32, the last of which tells how many are missing', () => {
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
    record(100, 'DEL', ...keys.slice(0, 31));
    expect(argumentsOfNewest()).toEqual(['DEL', ...keys.slice(0, 31)]);
    record(100, 'DEL', ...keys.slice(0, 32));
    expect(argumentsOfNewest()).toEqual(['DEL', ...keys.slice(0, 30), '... (2 more arguments)']);
  });

  test('that are secret are not shown', () => {
    const request = Request.of(['AUTH', 'user', 'password']);
    request.redact(2);
    log.recordIfSlow(client, request, 100);
    expect(argumentsOfNewest()).toEqual(['AUTH', 'user', '(redacted)']);
    request.clear();
    expect(request.isSecret(2)).toBe(false);
  });
});
