// The forms of the log's lines, and what of a record each of them has.
import { describe, expect, test } from 'vitest';
import { formatterOf } from '../../src/logging/formats.ts';
import {
  type LogFields,
  type LogRecord,
  recordOf,
  type Severity,
} from '../../src/logging/record.ts';
import { timestamp } from '../../src/logging/timestamp.ts';

const PID = 42;
const TIME_MS = new Date(2026, 10, 3, 9, 5, 7, 8).getTime();

function record(
  severity: Severity,
  message: string,
  fields: LogFields = {},
  isFromSignal = false,
): LogRecord {
  return recordOf({ severity, timeMs: TIME_MS, role: 'M', isFromSignal }, fields, message);
}

const redis = formatterOf('redis', 'legacy', PID);
const json = formatterOf('json', 'legacy', PID);
const logfmt = formatterOf('logfmt', 'legacy', PID);

describe("Redis's lines", () => {
  test.each([
    ['debug', '.'],
    ['verbose', '-'],
    ['notice', '*'],
    ['warning', '#'],
    ['error', '#'],
  ] as const)('mark the level %s with %s', (severity, mark) => {
    expect(redis(record(severity, 'Ready'))).toBe(`42:M 03 Nov 2026 09:05:07.008 ${mark} Ready\n`);
  });

  test("say what the process is, and that a signal's handler speaks", () => {
    expect(redis({ ...record('notice', 'x'), role: 'C' })).toMatch(/^42:C /);
    const seconds = Math.floor(TIME_MS / 1000);
    expect(redis(record('warning', 'Received', {}, true))).toBe(
      `42:signal-handler (${seconds}) Received\n`,
    );
  });

  test('put facts where the message names them, and the others behind it', () => {
    const fields = { port: 7000, name: 'a b', list: [1], none: undefined, details: { bytes: 5 } };
    expect(redis(record('notice', 'Port {port} of {nobody}', fields))).toMatch(
      / Port 7000 of \{nobody\} \(name="a b" list=\[1\]\)\n$/,
    );
  });

  test('end in what went wrong; with the stack of a fault of the program', () => {
    expect(redis(record('error', 'Saving', { err: new Error('disk full') }))).toMatch(
      / # Saving: disk full\n$/,
    );
    const lines = redis(record('error', 'Saving', { err: new TypeError('no function') }));
    expect(lines).toMatch(/^42:M .* # Saving: TypeError: no function\n42:M .* # {5}at /);
    expect(redis(record('error', 'Saving {err}', { err: new Error('x') }))).toMatch(/Saving x\n$/);
  });

  test('are one line each, whatever a client has sent', () => {
    const line = redis(record('warning', 'DEBUG LOG: a\n42:M x\r\t\x00\x1b[31m\x7f\x85ä'));
    expect(line).toMatch(/ # DEBUG LOG: a\\n42:M x\\r\\t\\x00\\x1b\[31m\\x7f\\x85ä\n$/);
  });
});

describe('JSON', () => {
  test("is pino's: level and time as numbers, the message at the end", () => {
    const fields = { port: 7000, details: { bytes: 5 } };
    expect(json(record('notice', 'Port {port}', fields))).toBe(
      `{"level":30,"time":${TIME_MS},"port":7000,"bytes":5,"msg":"Port 7000"}\n`,
    );
    const levels = ['debug', 'verbose', 'notice', 'warning', 'error'] as const;
    expect(
      levels.map((level) => JSON.parse(json(record(level, '')))).map(({ level }) => level),
    ).toEqual([20, 20, 30, 40, 50]);
  });

  test('has all of an error', () => {
    const err = Object.assign(new TypeError('x'), { code: 'E', big: 5n });
    const told = JSON.parse(json(record('error', 'Failed', { err })));
    expect(told).toMatchObject({
      msg: 'Failed',
      err: { type: 'TypeError', message: 'x', code: 'E', big: '5' },
    });
    expect(told.err.stack).toContain('formats.test.ts');
  });
});

describe('logfmt', () => {
  test("is Valkey's, with facts behind the message", () => {
    const err = new Error('no');
    expect(logfmt(record('error', 'Port "{port}"\nx', { port: 7000, what: 'a "b', err }))).toBe(
      `pid=42 role=primary timestamp="03 Nov 2026 09:05:07.008" level=warning message="Port '7000' x" port=7000 what="a \\"b" err=no\n`,
    );
    const levels = (['debug', 'verbose', 'notice'] as const).map((level) =>
      /level=(\w+)/.exec(logfmt(record(level, 'x')))?.at(1),
    );
    expect(levels).toEqual(['debug', 'info', 'notice']);
    const roles = (['C', 'S'] as const).map((role) =>
      /role=(\S+)/.exec(logfmt({ ...record('notice', 'x'), role }))?.at(1),
    );
    expect(roles).toEqual(['RDB/AOF', 'replica']);
  });
});

describe('times', () => {
  test('as log-timestamp-format says', () => {
    expect(timestamp(TIME_MS, 'legacy')).toBe('03 Nov 2026 09:05:07.008');
    expect(timestamp(TIME_MS, 'milliseconds')).toBe(String(TIME_MS));
    const iso = timestamp(TIME_MS, 'iso8601');
    expect(iso).toMatch(/^2026-11-03T09:05:07\.008[+-]\d\d:\d\d$/);
    expect(Date.parse(iso)).toBe(TIME_MS);
    expect(formatterOf('legacy', 'milliseconds', PID)(record('notice', 'x'))).toBe(
      `42:M ${TIME_MS} * x\n`,
    );
  });

  test('in the time zone of the system', () => {
    const before = process.env.TZ;
    try {
      process.env.TZ = 'America/St_Johns';
      expect(timestamp(Date.UTC(2026, 0, 1), 'iso8601')).toBe('2025-12-31T20:30:00.000-03:30');
      process.env.TZ = 'Asia/Kathmandu';
      expect(timestamp(Date.UTC(2026, 0, 1), 'iso8601')).toBe('2026-01-01T05:45:00.000+05:45');
      expect(timestamp(Date.UTC(2026, 0, 1), 'legacy')).toBe('01 Jan 2026 05:45:00.000');
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
});
