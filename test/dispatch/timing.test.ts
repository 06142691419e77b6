// How commands are timed: quick ones of a pipeline together, what may take long by itself.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeCommand } from '../support/command-line.ts';
import { RawClient } from '../support/raw-client.ts';
import { itemsOf, type Reply, textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

/** Far longer than a busy machine holds the process up. */
const SLEEP_MS = 250;
/** What takes longer is slow, in µs: a quick command that was given the sleep's time would be. */
const SLOW_US = (SLEEP_MS * 1000) / 2;
const SLEEP = ['DEBUG', 'SLEEP', String(SLEEP_MS / 1000)];

let server: RunningServer;
let client: RawClient;

beforeAll(async () => {
  server = await startSynapServer();
  client = await RawClient.connect(server.port);
});

afterAll(async () => {
  await client.close();
  await server.stop();
});

beforeEach(async () => {
  await client.command('CONFIG', 'SET', 'slowlog-log-slower-than', String(SLOW_US));
  await client.command('CONFIG', 'RESETSTAT');
  await client.command('SLOWLOG', 'RESET');
});

/** Sends all commands in one write, and reads their replies. */
async function pipeline(commands: readonly (readonly string[])[]): Promise<readonly Reply[]> {
  client.send(Buffer.concat(commands.map((command) => encodeCommand(command))));
  return (await client.read(commands.length)).replies;
}

/** Calls, and microseconds of all of them, that INFO tells of a command. */
async function statsOf(name: string): Promise<{ calls: number; totalUs: number }> {
  const info = textOf(await client.command('INFO', 'commandstats'));
  const found = new RegExp(`^cmdstat_${name.replace('|', '\\|')}:calls=(\\d+),usec=(\\d+),`, 'm');
  const [, calls = '0', totalUs = '0'] = found.exec(info) ?? [];
  return { calls: Number(calls), totalUs: Number(totalUs) };
}

/** The commands in the slow log, oldest first. */
async function slowCommands(): Promise<string[]> {
  const entries = itemsOf(await client.command('SLOWLOG', 'GET', '-1')).toReversed();
  return entries.map((entry) => itemsOf(itemsOf(entry)[3]).map(textOf).join(' '));
}

function times(count: number, command: readonly string[]): (readonly string[])[] {
  return Array.from({ length: count }, () => command);
}

describe('figures asked for in a pipeline', () => {
  test('tell of all that ran before them in it', async () => {
    const replies = await pipeline([...times(3, ['GET', 'k']), ['INFO', 'commandstats']]);
    expect(textOf(replies[3])).toMatch(/^cmdstat_get:calls=3,/m);
  });

  test('are set back with all that ran before', async () => {
    await pipeline([...times(3, ['GET', 'k']), ['CONFIG', 'RESETSTAT'], ['GET', 'k']]);
    expect((await statsOf('get')).calls).toBe(1);
  });
});

describe('a slow command in a pipeline', () => {
  // Fewer than are timed together at most, just as many with it, and more.
  test.each([1, 15, 16, 40])('after %i quick ones', async (quick) => {
    await pipeline([...times(quick, ['GET', 'k']), SLEEP]);
    expect(await slowCommands()).toEqual([SLEEP.join(' ')]);
    const gets = await statsOf('get');
    expect(gets.calls).toBe(quick);
    expect(gets.totalUs).toBeLessThan(SLOW_US);
    const { calls, totalUs } = await statsOf('debug');
    expect(calls).toBe(1);
    expect(totalUs).toBeGreaterThanOrEqual(SLEEP_MS * 1000);
  });

  test('before and between quick ones', async () => {
    await pipeline([SLEEP, ...times(7, ['GET', 'k']), SLEEP, ...times(7, ['GET', 'k'])]);
    expect(await slowCommands()).toEqual([SLEEP.join(' '), SLEEP.join(' ')]);
    const gets = await statsOf('get');
    expect(gets.calls).toBe(14);
    expect(gets.totalUs).toBeLessThan(SLOW_US);
    expect((await statsOf('debug')).calls).toBe(2);
  });

  test('inside a transaction', async () => {
    const queued = [['GET', 'k'], ['SET', 'k', 'v'], SLEEP, ['GET', 'k']];
    await pipeline([['PING'], ['MULTI'], ...queued, ['EXEC'], ['PING']]);
    expect(await slowCommands()).toEqual([SLEEP.join(' ')]);
    const gets = await statsOf('get');
    const sets = await statsOf('set');
    expect([gets.calls, sets.calls]).toEqual([2, 1]);
    for (const name of ['multi', 'exec', 'debug']) expect((await statsOf(name)).calls).toBe(1);
    expect((await statsOf('ping')).calls).toBe(2);
    expect(gets.totalUs + sets.totalUs).toBeLessThan(SLOW_US);
  });
});

describe('a threshold of 0', () => {
  beforeEach(async () => {
    await client.command('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
    await client.command('SLOWLOG', 'RESET');
  });

  test('records every command of a pipeline, in order', async () => {
    const commands = Array.from({ length: 40 }, (_, index) => ['GET', `k${index}`]);
    await pipeline(commands);
    await client.command('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
    const recorded = await slowCommands();
    expect(recorded.filter((command) => command.startsWith('GET'))).toEqual(
      commands.map((command) => command.join(' ')),
    );
  });

  test('records what a transaction runs, and not EXEC', async () => {
    await pipeline([['MULTI'], ['SET', 'k', 'v'], ['GET', 'k'], ['EXEC']]);
    await client.command('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
    const recorded = await slowCommands();
    expect(recorded.slice(recorded.indexOf('MULTI'))).toEqual(['MULTI', 'SET k v', 'GET k']);
  });
});
