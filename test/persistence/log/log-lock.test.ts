// One log, one server, also within a process: whoever else wants it is told who has it, and changes
// nothing; servers with logs of their own, or none, share a directory as ever.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConfigError, startServer } from '../../../src/index.ts';
import { until } from '../../support/until.ts';
import { LogServer } from './log-server.ts';
import { LogServers } from './log-servers.ts';

const OFF = { appendonly: 'no' };
const AT_ONCE = { 'log-lock-timeout-ms': '0' };
const LOCK = '.appendonly.aof.lock';
const CANNOT_SWITCH_ON =
  "ERR CONFIG SET failed (possibly related to argument 'appendonly') - Unable to turn on AOF. Check server logs.";

let servers: LogServers;
let path: string;

beforeEach(() => {
  servers = new LogServers();
  path = servers.path;
});

afterEach(() => {
  vi.unstubAllEnvs();
});

const start = (options: Readonly<Record<string, string>> = {}) => servers.start(options);

/** What a start in the directory is refused with. */
async function refusal(options: Readonly<Record<string, string>> = {}): Promise<string> {
  const started = startServer({
    ...{ port: 0, dir: path, appendonly: 'yes', logfile: join(servers.root, 'refused') },
    ...{ ...AT_ONCE, ...options },
  });
  const error: unknown = await started.then(
    (server) => server.close(),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return String(error);
}

const folder = () => join(path, 'appendonlydir');

function contents(): Record<string, string> {
  const names = readdirSync(folder());
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(folder(), name), 'latin1')]),
  );
}

test('a second server is refused, told who has the log, and changes nothing', async () => {
  const server = await start();
  await server.ask('SET', 'k', 'v');
  const before = contents();
  expect(before[LOCK]).toMatch(/^pid \d+ on \S+, port \d+, since \d{4}-\d\d-\d\dT[\d:.]+Z\n$/);
  const [, port] = /port (\d+)/.exec(before[LOCK]) ?? [];
  const text = await refusal();
  expect(text).toBe(
    `ConfigError: appenddirname: cannot start: the log 'appendonly.aof' in ${folder()} is in use by another server (${before[LOCK].trim()})`,
  );
  expect(text).toContain(`pid ${process.pid} on ${hostname()}, port ${port}`);
  expect(Number((await server.field('tcp_port')).trim())).toBe(Number(port));
  expect(contents()).toEqual(before);
  expect(await server.ask('SET', 'k', 'w')).toBe('OK');
});

test('it is free again when the first has closed, which leaves no file of it', async () => {
  const server = await start();
  await server.ask('SET', 'k', 'v');
  await server.stop();
  expect(existsSync(join(folder(), LOCK))).toBe(false);
  const next = await start();
  expect(await next.ask('GET', 'k')).toBe('v');
});

test('a start waits for one that is about to end', async () => {
  const server = await start();
  await server.ask('SET', 'k', 'v');
  const starting = LogServer.start(path, { 'log-lock-timeout-ms': '60000' });
  await until(() => server.messages.includes('Waiting: the log'));
  await server.ask('SET', 'k', 'last');
  await server.stop();
  const next = await starting;
  servers.all.push(next);
  expect(await next.ask('GET', 'k')).toBe('last');
});

test('a start that is refused for another reason leaves neither lock nor directory', async () => {
  writeFileSync(join(path, 'dump.rdb'), 'REDIS0010\u00ff is no snapshot');
  expect(await refusal()).toMatch(/dump\.rdb/);
  expect(readdirSync(path)).toEqual(['dump.rdb']);
  rmSync(join(path, 'dump.rdb'));
  writeFileSync(folder(), 'no directory');
  expect(await refusal()).toMatch(/cannot use the log's directory/);
  expect(readdirSync(path)).toEqual(['appendonlydir']);
});

describe('what shares a directory', () => {
  test.each([
    { what: 'servers that save nothing', options: { ...OFF, save: '' } },
    { what: 'servers with save points', options: { ...OFF, save: '3600 1' } },
  ])('$what', async ({ options }) => {
    const one = await start(options);
    const two = await start(options);
    expect(await one.ask('SAVE')).toBe('OK');
    expect(await two.ask('SAVE')).toBe('OK');
    expect(existsSync(folder())).toBe(false);
  });

  test('logs of other names, in one directory or in several', async () => {
    const one = await start({ save: '' });
    const two = await start({ save: '', appendfilename: 'two.aof' });
    const three = await start({ save: '', appenddirname: 'three' });
    for (const [index, server] of [one, two, three].entries()) {
      await server.ask('SET', 'k', String(index));
      await server.rewrite();
      await server.ask('SET', 'l', String(index));
    }
    await servers.stop();
    const again = [
      await start({ save: '' }),
      await start({ save: '', appendfilename: 'two.aof' }),
      await start({ save: '', appenddirname: 'three' }),
    ];
    for (const [index, server] of again.entries()) {
      expect([await server.ask('GET', 'k'), await server.ask('GET', 'l')]).toEqual([
        ...[String(index), String(index)],
      ]);
    }
  });
});

describe('a server without a log, beside one with it', () => {
  let owner: LogServer;
  let other: LogServer;
  let before: Record<string, string>;

  beforeEach(async () => {
    owner = await start();
    await owner.ask('SET', 'k', 'v');
    other = await start(OFF);
    await other.ask('SET', 'k', 'foreign');
    before = contents();
  });

  afterEach(async () => {
    expect(contents()).toEqual(before);
    expect(await owner.ask('SET', 'k', 'w')).toBe('OK');
    await owner.rewrite();
    await servers.stop();
    expect(await (await start()).ask('GET', 'k')).toBe('w');
  });

  test('cannot switch one on', async () => {
    expect(await other.ask('CONFIG', 'SET', 'appendonly', 'yes')).toBe(CANNOT_SWITCH_ON);
    expect(other.messages).toMatch(/cannot be switched on: .*in use by another server \(pid/);
    expect(await other.ask('SET', 'k', 'x')).toBe('OK');
  });

  test('cannot rewrite it', async () => {
    expect(await other.ask('BGREWRITEAOF')).toMatch('started');
    await other.rewritten(1);
    expect(await other.field('aof_last_bgrewrite_status')).toBe('err');
    expect(other.messages).toMatch(/rewrite terminated with error: .*in use by another server/);
  });

  test('deletes nothing of it', async () => {
    await owner.ask('CONFIG', 'SET', 'aof-disable-auto-gc', 'yes');
    await other.ask('CONFIG', 'SET', 'aof-disable-auto-gc', 'yes');
    for (let round = 0; round < 6; round++) await owner.rewrite();
    before = contents();
    expect(before['appendonly.aof.manifest']).toContain(' type h');
    await other.ask('CONFIG', 'SET', 'aof-disable-auto-gc', 'no');
    await until(() => /History files .* could not be removed/.test(other.messages));
  });
});

test('the log goes to another server when it was switched off, with the log, and back', async () => {
  const one = await start();
  const two = await start({ ...OFF, save: '' });
  await two.ask('SET', 'k', 'two');
  expect(await one.ask('CONFIG', 'SET', 'appendonly', 'no')).toBe('OK');
  expect(await two.ask('CONFIG', 'SET', 'appendonly', 'yes')).toBe('OK');
  expect(await one.ask('CONFIG', 'SET', 'appendonly', 'yes')).toBe(CANNOT_SWITCH_ON);
  expect(await two.ask('CONFIG', 'SET', 'appendonly', 'no')).toBe('OK');
  expect(await one.ask('BGREWRITEAOF')).toMatch('started');
  await one.rewritten(1);
  expect(await one.ask('CONFIG', 'SET', 'appendonly', 'yes')).toBe('OK');
  expect(readdirSync(folder())).toContain(LOCK);
});

test('another `dir` has another log: the lock is that of where it is', async () => {
  const other = join(servers.root, 'other');
  mkdirSync(other);
  const server = await start({ 'enable-protected-configs': 'yes' });
  await server.ask('SET', 'k', 'v');
  expect(await server.ask('CONFIG', 'SET', 'dir', other)).toBe('OK');
  // It goes on where it is until it is switched on anew.
  expect(await refusal()).toMatch(/in use by another server/);
  await server.ask('CONFIG', 'SET', 'appendonly', 'no');
  expect(await server.ask('CONFIG', 'SET', 'appendonly', 'yes')).toBe('OK');
  expect(await refusal({ dir: other })).toMatch(/in use by another server/);
  const next = await start();
  expect(await next.ask('GET', 'k')).toBe('v');
});

test('the same directory by another way is the same log', async () => {
  const link = join(servers.root, 'link');
  symlinkSync(path, link);
  const linked = join(servers.root, 'linked');
  mkdirSync(linked);
  symlinkSync(folder(), join(linked, 'appendonlydir'));
  const server = await start();
  await server.ask('SET', 'k', 'v');
  for (const dir of [link, `${path}/../data/`, linked]) {
    expect(await refusal({ dir })).toMatch(/in use by another server \(pid \d+/);
  }
  await server.stop();
  for (const dir of [link, linked]) {
    const next = await LogServer.start(dir);
    servers.all.push(next);
    expect(await next.ask('GET', 'k')).toBe('v');
    expect(await refusal()).toMatch(/in use by another server/);
    await next.stop();
  }
});

test('a lock file that somebody deletes or moves is made anew', async () => {
  const server = await start();
  for (const lose of [rmSync, (file: string) => renameSync(file, `${file}.else`)]) {
    lose(join(folder(), LOCK));
    await until(() => existsSync(join(folder(), LOCK)));
    expect(await refusal()).toMatch(/in use by another server/);
  }
  expect(server.messages).toContain('was gone: made anew');
});

test('where files cannot be locked that is logged, and the server starts', async () => {
  vi.stubEnv('PATH', join(servers.root, 'nothing'));
  const server = await start();
  expect(await server.ask('SET', 'k', 'v')).toBe('OK');
  expect(server.messages).toMatch(
    /cannot be locked: there is neither flock nor perl to lock a file with\. Nothing keeps a second server/,
  );
});
