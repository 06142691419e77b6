// Which records are written, and that writing never does harm.
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/logging/create-logger.ts';
import { Logger } from '../../src/logging/logger.ts';
import type { LogOutput } from '../../src/logging/outputs.ts';
import type { LogLevel, LogRecord } from '../../src/logging/record.ts';
import { temporaryDirectory } from '../support/running-server.ts';

const METHODS = ['debug', 'verbose', 'info', 'warn', 'error', 'signal'] as const;

class Recorder implements LogOutput {
  readonly records: LogRecord[] = [];
  raw = '';

  write(record: LogRecord): void {
    this.records.push(record);
  }

  writeRaw(text: string): void {
    this.raw += text;
  }

  close(): void {}
}

describe('levels', () => {
  test.each<[LogLevel, number]>([
    ['debug', 6],
    ['verbose', 5],
    ['notice', 4],
    ['warning', 3],
    ['nothing', 0],
  ])('%s lets %i of six methods write', (level, count) => {
    const output = new Recorder();
    const log = new Logger('debug', [output]);
    log.level = level;
    expect(log.level).toBe(level);
    for (const method of METHODS) log[method](method);
    log.raw('logo');
    expect(output.records.map(({ message }) => message)).toEqual(METHODS.slice(6 - count));
    expect(output.raw).toBe(count > 3 ? 'logo' : '');
    expect(log.writes('verbose')).toBe(count > 4);
  });

  test('the role is that of the moment', () => {
    const output = new Recorder();
    const log = new Logger('notice', [output, output]);
    log.role = 'C';
    log.info('x');
    log.role = 'M';
    log.info({ a: 1 }, 'y');
    expect(output.records.map(({ role, fields }) => [role, fields])).toEqual([
      ['C', {}],
      ['C', {}],
      ['M', { a: 1 }],
      ['M', { a: 1 }],
    ]);
  });
});

describe('a file', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let file: string;
  const open = () =>
    createLogger({ level: 'notice', format: 'json', timestamps: 'legacy', file, descriptor: -1 });
  const messages = (path: string): string[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).msg);

  beforeEach(() => {
    directory = temporaryDirectory();
    file = join(directory.path, 'log');
  });
  afterEach(() => directory.remove());

  test('is followed by a new one when it is moved away, and appended to', () => {
    open().info('a');
    const log = open();
    log.info('b');
    renameSync(file, `${file}.1`);
    log.info('c');
    expect([messages(`${file}.1`), messages(file)]).toEqual([['a', 'b'], ['c']]);
  });

  test('that cannot be written must be one at the start; later its lines are counted', () => {
    mkdirSync(file);
    expect(open).toThrow('EISDIR');
    rmSync(file, { recursive: true });
    const log = open();
    rmSync(file);
    mkdirSync(file);
    for (const message of ['a', 'b', 'c']) log.info(message);
    log.raw('logo');
    rmSync(file, { recursive: true });
    log.info('d');
    log.info('e');
    expect(messages(file)).toEqual(['3 lines of the log before this one were lost', 'd', 'e']);
  });
});
