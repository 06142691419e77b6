// redis-cli in its different ways of working, and redis-benchmark.

import { spawn } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeCommand } from '../support/command-line.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

describe('redis-cli', () => {
  let server: RunningServer;

  beforeAll(async () => {
    server = await startSynapServer();
  });

  afterAll(() => server.stop());

  beforeEach(() => cli('flushall'));

  function port(): string[] {
    return ['-p', String(server.port)];
  }

  function cli(...args: string[]): Promise<string> {
    return run('redis-cli', [...port(), ...args]);
  }

  function cliReading(input: string | Buffer, ...args: string[]): Promise<string> {
    return run('redis-cli', [...port(), ...args], input);
  }

  test.each([['-2'], ['-3']])('commands with %s', async (protocol) => {
    expect(await cli(protocol, 'set', 'k', 'v')).toBe('OK\n');
    expect(await cli(protocol, 'get', 'k')).toBe('v\n');
    expect(await cli(protocol, '--no-raw', 'get', 'missing')).toBe('(nil)\n');
    expect(await cli(protocol, '--no-raw', 'incr', 'n')).toBe('(integer) 1\n');
    expect(await cli(protocol, '--no-raw', 'incr', 'k')).toContain('not an integer');
    expect(await cli(protocol, '-n', '3', 'dbsize')).toBe('0\n');
    expect(await cli(protocol, '--json', 'mget', 'k', 'missing')).toBe('["v",null]\n');
    const directives = protocol === '-3' ? '{"hz":"10"}\n' : '["hz","10"]\n';
    expect(await cli(protocol, '--json', 'config', 'get', 'hz')).toBe(directives);
  });

  test('a script of commands, with a transaction', async () => {
    const script = 'set k 1\nmulti\nincr k\nget k\nexec\nselect 2\ndbsize\n';
    const replies = 'OK\nOK\nQUEUED\nQUEUED\n2\n2\nOK\n0\n';
    expect(await cliReading(script)).toBe(replies);
  });

  test('binary values, from standard input with -x', async () => {
    expect(await cliReading(Buffer.from([0, 255, 10, 13]), '-x', 'set', 'k')).toBe('OK\n');
    expect(await cli('--no-raw', 'get', 'k')).toBe('"\\x00\\xff\\n\\r"\n');
  });

  test('--pipe loads a file of commands', async () => {
    const commands = Array.from({ length: 5_000 }, (_, index) =>
      encodeCommand(['SET', `key:${index}`, `value:${index}`]),
    );
    const printed = await cliReading(Buffer.concat(commands), '--pipe');
    expect(printed).toContain('errors: 0, replies: 5000');
    expect(await cli('dbsize')).toBe('5000\n');
    expect(await cli('get', 'key:4999')).toBe('value:4999\n');
  });

  test('--scan, --bigkeys and --memkeys walk the keys', async () => {
    await cli('mset', 'a', '1', 'b', 'x'.repeat(1_000), 'other:c', '3');
    expect((await cli('--scan')).trim().split('\n').sort()).toEqual(['a', 'b', 'other:c']);
    expect(await cli('--scan', '--pattern', 'other:*')).toBe('other:c\n');
    const big = await cli('--bigkeys');
    expect(big).toContain('Biggest string found');
    expect(big).toMatch(/"b"' has 1000 bytes/);
    expect(big).toContain('3 strings with 1002 bytes');
    const memory = await cli('--memkeys');
    expect(memory).toMatch(/Biggest string found .*"b"/);
  });

  test('--latency and --stat', async () => {
    // min, max and average in milliseconds, and the number of samples.
    expect(await cli('--latency', '-i', '0.2', '--raw')).toMatch(/^\d+ \d+ \d+\.\d\d [1-9]\d*$/m);
    // It prints to a pipe in blocks of 4 KiB, which is some 60 lines.
    const stat = await run('timeout', ['0.5', 'redis-cli', ...port(), '--stat', '-i', '0.002']);
    expect(stat).toMatch(/^keys +mem +clients +blocked +requests +connections/m);
    expect(stat.match(/^0 +[\d.]+[BKM] +\d+ +0 +\d+ \(\+\d+\) +\d+ *$/gm)?.length).toBeGreaterThan(
      1,
    );
  });

  test('a password', async () => {
    await cli('config', 'set', 'requirepass', 'secret');
    try {
      expect(await cli('get', 'k')).toContain('NOAUTH Authentication required.');
      expect(await cli('--no-auth-warning', '-a', 'secret', 'set', 'k', 'v')).toBe('OK\n');
      expect(await cli('--no-auth-warning', '-a', 'secret', '-3', 'get', 'k')).toBe('v\n');
    } finally {
      await cli('--no-auth-warning', '-a', 'secret', 'config', 'set', 'requirepass', '');
    }
  });

  test('help for commands comes from COMMAND DOCS', async () => {
    const help = await cliReading('help get\n');
    const colour = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(help.replace(colour, '')).toMatch(
      /^ +GET key\r?\n +summary: \S.*\r?\n +since: 1\.0\.0\r?\n +group: string/m,
    );
  });
});

describe('redis-benchmark', () => {
  let server: RunningServer;

  beforeAll(async () => {
    server = await startSynapServer();
  });

  afterAll(() => server.stop());

  test.each([
    ['one request at a time', []],
    ['pipelines', ['-P', '16']],
    ['random keys and large values', ['-r', '1000', '-d', '5000']],
    ['RESP3', ['-3']],
  ])('%s', async (_, options) => {
    const tests = 'ping_inline,ping_mbulk,set,get,incr,mset';
    const printed = await run('redis-benchmark', [
      ...['-p', String(server.port), '-t', tests, '-q', '-n', '2000', '-c', '20'],
      ...options,
    ]);
    const results = printed.match(/^.*requests per second.*$/gm) ?? [];
    const names = printed.split(/[\r\n]+/).flatMap((line) => {
      const [, name] = /^(\S.*): [\d.]+ requests per second/.exec(line) ?? [];
      return name === undefined ? [] : [name];
    });
    expect(results.length).toBeGreaterThanOrEqual(6);
    expect(names).toEqual(['PING_INLINE', 'PING_MBULK', 'SET', 'GET', 'INCR', 'MSET (10 keys)']);
    expect(printed).not.toMatch(/error/i);
  });
});

/** Runs a program to its end and returns all that it printed. */
function run(
  program: string,
  args: readonly string[],
  input: string | Buffer = '',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe' });
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    child.stderr.on('data', (chunk) => {
      printed += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      // redis-cli ends with 1 after an error reply, and `timeout` with 124: what counts is printed.
      if (code === 0 || code === 1 || code === 124) resolve(printed);
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}: ${printed}`));
    });
    child.stdin.end(input);
  });
}
