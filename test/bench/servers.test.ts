// Starting what is measured: when a server counts as ready, and which directories stay.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { toldSeconds } from '../../bench/scenarios/recovery.mjs';
import { bytesUnder, requireRoom } from '../../bench/support/disk.mjs';
import { type ServerPlan, startServer } from '../../bench/support/servers.mjs';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function makeDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'synap-bench-test-'));
  directories.push(directory);
  return directory;
}

const script = fileURLToPath(new URL('fixtures/loading-server.mjs', import.meta.url));
const loadingServer: ServerPlan = { name: 'synap', command: [process.execPath, script] };

describe('startServer', () => {
  test('waits on one connection until the data is loaded', async () => {
    const server = await startServer(loadingServer);
    try {
      expect(server.output().trim().split('\n')).toEqual(['connection 1']);
      expect(server.readyMs).toBeGreaterThan(0);
      expect(server.readyCpuMicros).toBeGreaterThan(0);
    } finally {
      await server.stop();
    }
    expect(existsSync(server.directory)).toBe(false);
  });

  test('leaves a directory that it was given', async () => {
    const directory = makeDirectory();
    const server = await startServer(loadingServer, { directory, directives: ['--more', 'yes'] });
    await server.stop();
    expect(server.directory).toBe(directory);
    expect(server.child.spawnargs.slice(-2)).toEqual(['--more', 'yes']);
    expect(existsSync(directory)).toBe(true);
  });

  test('gives up at once on a program that ends', async () => {
    const plan: ServerPlan = { name: 'synap', command: [process.execPath, '-e', '1'] };
    await expect(startServer(plan)).rejects.toThrow('did not start');
  });
});

describe('what a server tells of loading', () => {
  test.each([
    ['1:M 25 Nov 2026 05:08:00.000 * DB loaded from disk: 0.650 seconds\n', 0.65],
    [
      '* DB loaded from base file appendonly.aof.1.base.rdb: 0.000 seconds\n' +
        '* DB loaded from incr file appendonly.aof.1.incr.aof: 1.200 seconds\n' +
        '* DB loaded from append only file: 1.201 seconds\n',
      1.201,
    ],
    ['{"level":30,"keys":5,"tookMs":310,"msg":"DB loaded from disk"}\n', 0.31],
    ['{"level":30,"offset":5,"tookMs":1310,"msg":"the log was loaded"}\n', 1.31],
    ['{"tookMs":70,"msg":"background saving terminated with success"}\n', null],
    ['{"offset":5,"msg":"the log was loaded"}\n', null],
  ])('is read from %j', (output, seconds) => {
    expect(toldSeconds(output)).toBe(seconds);
  });
});

describe('disk', () => {
  test('sizes of files and directories', () => {
    const directory = makeDirectory();
    mkdirSync(join(directory, 'in'));
    writeFileSync(join(directory, 'a'), 'x'.repeat(10));
    writeFileSync(join(directory, 'in', 'b'), 'x'.repeat(5));
    expect(bytesUnder(directory)).toBe(15);
    expect(bytesUnder(join(directory, 'a'))).toBe(10);
    expect(bytesUnder(join(directory, 'nothing'))).toBe(0);
  });

  test('is refused when it is too small, with what to do', () => {
    expect(() => requireRoom(1)).not.toThrow();
    expect(() => requireRoom(2 ** 80)).toThrow('TMPDIR');
  });
});
