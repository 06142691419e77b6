import { beforeEach, describe, expect, test } from 'vitest';
import { Request } from '../../src/protocol/request.ts';
import { SlowLog } from '../../src/telemetry/slow-log.ts';

const client = { address: { remote: '127.0.0.1:5000' }, name: 'worker' };
let log: SlowLog;

beforeEach(() => {
  log = new SlowLog();
  log.slowerThanUs = 100;
});

function record(durationUs: number, ...args: string[]): void {
  log.recordIfSlow(client, Request.of(args), durationUs);
}

function argumentsOfNewest(): string[] {
  return log.newest(1)[0].args.map(String);
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
  const [entry] = log.newest(1);
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
  expect(log.newest(10).map(({ id }) => id)).toEqual([99, 98, 97]);
  expect(log.newest(2).map(({ id }) => id)).toEqual([99, 98]);
  log.maxLength = 1;
  expect(log.newest(10).map(({ id }) => id)).toEqual([99]);
  log.reset();
  expect(log.newest(10)).toEqual([]);
  record(100, 'PING');
  expect(log.newest(10).map(({ id }) => id)).toEqual([100]);
  log.maxLength = 0;
  expect(log.length).toBe(0);
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
