// The command line's grammar, by itself and beside a real server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/config/command-line.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { globMatchText } from '../support/glob-text.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RedisServer } from './redis-server.ts';

const matches = (pattern: string, name: string) => globMatchText(pattern, name, true);

/** Name and words of each flag. */
function flags(...args: string[]): string[][] {
  const invocation = parseCommandLine(args);
  if (invocation.action !== 'start') throw new Error(invocation.action);
  return invocation.settings.map(({ name, words }) => [name, ...words]);
}

describe('parseCommandLine', () => {
  it('knows help and version as the first word', () => {
    for (const word of ['--help', '-h'])
      expect(parseCommandLine([word])).toEqual({ action: 'help' });
    for (const word of ['--version', '-v']) {
      expect(parseCommandLine([word, 'x'])).toEqual({ action: 'version' });
    }
    expect(flags('--hz', '5', '--help')).toEqual([['hz', '5'], ['help']]);
  });

  it('takes a file first, and standard input first or last', () => {
    const start = { action: 'start', file: undefined, readsStdin: false, settings: [] };
    expect(parseCommandLine([])).toEqual(start);
    expect(parseCommandLine(['a.conf'])).toEqual({ ...start, file: 'a.conf' });
    expect(parseCommandLine(['-'])).toEqual({ ...start, readsStdin: true });
    expect(parseCommandLine(['a.conf', '-'])).toEqual({
      ...start,
      file: 'a.conf',
      readsStdin: true,
    });
    expect(parseCommandLine(['-', '--hz', '5'])).toMatchObject({ readsStdin: true });
    expect(parseCommandLine(['--hz', '5', '-'])).toMatchObject({ readsStdin: true });
    expect(flags('--hz', '5', '-')).toEqual([['hz', '5']]);
    expect(flags('--logfile', '-', '--hz', '5')).toEqual([
      ['logfile', '-'],
      ['hz', '5'],
    ]);
  });

  it('gives a flag the words up to the next one', () => {
    expect(flags('--save', '3600', '1', '300', '100', '--port', '7000')).toEqual([
      ['save', '3600', '1', '300', '100'],
      ['port', '7000'],
    ]);
    expect(flags('--port 7000', '--hz')).toEqual([['port', '7000'], ['hz']]);
    expect(flags('--requirepass', '--x', '--hz', '5')).toEqual([
      ['requirepass', '--x'],
      ['hz', '5'],
    ]);
    expect(flags('--save', '--port', '7000')).toEqual([
      ['save', ''],
      ['port', '7000'],
    ]);
    expect(flags('--port', '7000', '--save')).toEqual([
      ['port', '7000'],
      ['save', ''],
    ]);
    expect(flags('--save', '')).toEqual([['save', '']]);
    expect(flags('--logfile', 'a b "')).toEqual([['logfile', 'a b "']]);
    expect(flags('--logfile', 'lög')).toEqual([['logfile', 'l\xc3\xb6g']]);
  });

  it('refuses what is no flag', () => {
    expect(() => flags('-p', '7000')).toThrow(
      "command line: unexpected '-p'; flags begin with '--'",
    );
    expect(() => flags('--port=7000')).toThrow("--port=7000: write '--port 7000' without '='");
    expect(() => flags('--logfile "x')).toThrow('unbalanced quotes');
  });
});

describe.skipIf(!hasRedis)('the command line beside Redis 7.0', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'synap-flags-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const names = ['maxmemory', 'save', 'hz', 'proc-title-template', 'client-output-buffer-limit'];
  const lines: readonly (readonly string[])[] = [
    ['--save', '3600', '1', '300', '100'],
    ['--save', ''],
    ['--save'],
    ['--save', '--hz', '5'],
    ['--save', '10', '5', '--save', '20', '6'],
    ['--save', '10 5'],
    ['--save', '"10 5"'],
    ['--hz', '5', '--hz', '6'],
    ['--hz'],
    ['--hz', '--maxmemory', '5'],
    ['--maxmemory', ''],
    ['--maxmemory', '5', '6'],
    ['--maxmemory 5'],
    ['--maxmemory 5', '6'],
    ['--MAXMEMORY', '1kb'],
    ['--maxmemory', '5\nfoo'],
    ['--proc-title-template', '--x', '--maxmemory', '5'],
    ['--proc-title-template', 'a b'],
    ['--client-output-buffer-limit', 'pubsub', '1mb', '1mb', '60'],
    ['--client-output-buffer-limit', 'pubsub 1mb 1mb 60'],
    ['--'],
    ['--', '5'],
    ['--hz=5'],
    ['--nope', '1'],
    ['--help'],
    ['x', '5'],
  ];

  it('sets the same values, or fails as well', async () => {
    let started = 0;
    for (const line of lines) {
      const label = line.join(' ');
      const own = run(line);
      const args = (port: number) => ['--port', String(port), ...line];
      const server = await RedisServer.start({ args }).catch(() => undefined);
      try {
        if (server === undefined) {
          expect(own, label).toBeInstanceOf(Error);
          continue;
        }
        if (own instanceof Error) throw own;
        started++;
        const printed = await server.cli('CONFIG', 'GET', ...names);
        const pairs = own.get(names, matches);
        expect(printed.split('\n').slice(0, -1).sort(), label).toEqual(pairs.flat().sort());
      } finally {
        await server?.stop();
      }
    }
    expect(started).toBeGreaterThan(12);
    expect(lines.length - started).toBeGreaterThan(8);
  });

  function run(line: readonly string[]): Config | Error {
    try {
      const invocation = parseCommandLine(['--port', '7000', ...line]);
      if (invocation.action !== 'start') return new Error(invocation.action);
      return loadConfig({ settings: invocation.settings, directory });
    } catch (error) {
      if (error instanceof Error) return error;
      throw error;
    }
  }
});
