// Snapshots over the life of the program: what a restart begins with, however the last run ended, and
// what is said when a file cannot be written or read.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'vitest';
import type { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { byTier } from '../support/tier.ts';
import { until } from '../support/until.ts';
import { Program, type RunOptions, run } from './program.ts';

/** Enough that they are still being loaded when the first client asks. */
const KEYS = String(byTier(400_000, 1_000_000));
const FLAGS = ['--bind', '127.0.0.1', '--enable-debug-command', 'yes'];

function directory({ onTestFinished }: TestContext): string {
  const made = temporaryDirectory();
  onTestFinished(() => made.remove());
  return made.path;
}

async function start(
  { onTestFinished }: TestContext,
  cwd: string,
  flags: readonly string[] = [],
  options: RunOptions = {},
): Promise<{ program: Program; client: RawClient }> {
  const program = await Program.start((port) => ['--port', String(port), ...FLAGS, ...flags], {
    cwd,
    ...options,
  });
  onTestFinished(() => program.dispose());
  const client = await program.connect();
  onTestFinished(() => client.close());
  return { program, client };
}

async function ask(client: RawClient, ...args: string[]): Promise<string> {
  return textOf(await client.command(...args));
}

async function field(client: RawClient, name: string): Promise<string> {
  const text = await ask(client, 'INFO', 'persistence');
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(text)?.[1] ?? '';
}

/** Waits until no data is loaded any more; tells whether it ever was. */
async function loaded(client: RawClient): Promise<boolean> {
  let seen = false;
  while ((await field(client, 'loading')) === '1') seen = true;
  return seen;
}

describe.concurrent('the next run', () => {
  test('begins with what SIGTERM saved', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    const first = await start(context, cwd);
    await ask(first.client, 'SET', 'k', 'v', 'EX', '1000');
    await ask(first.client, 'RPUSH', 'list', 'a', 'b');
    const digest = await ask(first.client, 'DEBUG', 'DIGEST');
    expect((await first.program.end()).code).toBe(0);
    expect(readdirSync(cwd)).toEqual(['dump.rdb']);
    const { program, client } = await start(context, cwd);
    await loaded(client);
    expect(await ask(client, 'DEBUG', 'DIGEST')).toBe(digest);
    expect(await field(client, 'rdb_last_load_keys_loaded')).toBe('2');
    expect(await field(client, 'rdb_changes_since_last_save')).toBe('0');
    await ask(client, 'SET', 'other', 'x');
    client.send(Buffer.from('SHUTDOWN NOSAVE\r\n'));
    await program.ended();
    const third = await start(context, cwd);
    await loaded(third.client);
    expect(await ask(third.client, 'DEBUG', 'DIGEST')).toBe(digest);
  });

  test('begins with the last whole snapshot after a kill during the next', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    const { program, client } = await start(context, cwd);
    await ask(client, 'DEBUG', 'POPULATE', '100000');
    await ask(client, 'SAVE');
    const digest = await ask(client, 'DEBUG', 'DIGEST');
    const before = readFileSync(join(cwd, 'dump.rdb'));
    await ask(client, 'DEBUG', 'POPULATE', '400000', 'more');
    expect(await ask(client, 'BGSAVE')).toBe('Background saving started');
    expect(await field(client, 'rdb_bgsave_in_progress')).toBe('1');
    await program.end('SIGKILL');
    expect(readFileSync(join(cwd, 'dump.rdb')).equals(before)).toBe(true);
    const next = await start(context, cwd);
    await loaded(next.client);
    expect(await ask(next.client, 'DEBUG', 'DIGEST')).toBe(digest);
  });

  test('tells clients while it loads', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    const first = await start(context, cwd);
    await ask(first.client, 'DEBUG', 'POPULATE', KEYS);
    await first.program.end();
    const { client } = await start(context, cwd);
    const early = await ask(client, 'GET', 'key:1');
    expect(early).toBe('LOADING Redis is loading the dataset in memory');
    expect(await ask(client, 'INFO', 'persistence')).toMatch(
      /loading:1[\s\S]*loading_loaded_perc:/,
    );
    expect(await loaded(client)).toBe(true);
    expect(await ask(client, 'DBSIZE')).toBe(KEYS);
  });
});

describe.concurrent('what cannot be', () => {
  test('a damaged file stops the start', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    const path = join(cwd, 'dump.rdb');
    writeFileSync(path, Buffer.concat([Buffer.from('REDIS0010'), Buffer.from([200])]));
    const { code, stderr } = await run(['--port', '0', '--unixsocket', 's', ...FLAGS], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/cannot be loaded: .*dump\.rdb: .*\(at byte 10\); put an older copy/);
    expect(existsSync(path)).toBe(true);
  });

  test('a snapshot that the disk has no place for', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    // 512 blocks of 512 or 1024 bytes.
    const { program, client } = await start(context, cwd, [], { after: 'ulimit -f 512' });
    await ask(client, 'SET', 'k', 'v');
    expect(await ask(client, 'SAVE')).toBe('OK');
    await ask(client, 'DEBUG', 'POPULATE', '100000');
    expect(await ask(client, 'BGSAVE')).toBe('Background saving started');
    await until(async () => (await field(client, 'rdb_bgsave_in_progress')) !== '1');
    expect(await field(client, 'rdb_last_bgsave_status')).toBe('err');
    expect(await ask(client, 'SET', 'k', 'v')).toMatch(/^MISCONF/);
    expect(await ask(client, 'GET', 'k')).toBe('v');
    expect(readdirSync(cwd)).toEqual(['dump.rdb']);
    expect(await ask(client, 'SHUTDOWN')).toBe('ERR Errors trying to SHUTDOWN. Check logs.');
    const refusals = () =>
      program.log().filter(({ msg }) => msg.includes('Errors trying to shut down')).length;
    program.child.kill('SIGTERM');
    await program.until('a second refusal to end', () => refusals() === 2 || undefined);
    await ask(client, 'FLUSHALL', 'x');
    await ask(client, 'CONFIG', 'SET', 'save', '');
    await ask(client, 'FLUSHALL');
    expect((await program.end()).code).toBe(0);
    expect(readdirSync(cwd)).toEqual(['dump.rdb']);
  });
});
