// No number from a client or the configuration becomes a delay that a timer cannot take: negative and
// NaN, which newer Node releases warn of, or 2^31 ms and more, which fire at once.

import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { isError, itemsOf, textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer, target } from '../support/synap-server.ts';

const LONGEST_MS = 2 ** 31 - 1;
const EXTREMES = ['0', '1', '2147483647', '9223372036854775807', '-1', '-2147483648'];
/** Setting these ends the test or has no effect but a warning in the log. */
const UNTOUCHED = /^(port|tls-|maxclients|maxmemory|client-query-buffer-limit|active-defrag)/;

let server: RunningServer;
let client: RawClient;
const delays: unknown[] = [];

beforeAll(async () => {
  const { setTimeout: start, setInterval: repeat } = globalThis;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation((callback, delayMs, ...rest) => {
    delays.push(delayMs);
    return start(callback, delayMs, ...rest);
  });
  vi.spyOn(globalThis, 'setInterval').mockImplementation((callback, delayMs, ...rest) => {
    delays.push(delayMs);
    return repeat(callback, delayMs, ...rest);
  });
  server = await startSynapServer({ appendonly: 'yes' });
  client = await RawClient.connect(server.port);
});

beforeEach(() => {
  delays.length = 0;
});

afterAll(async () => {
  await client.close();
  await server.stop();
  vi.restoreAllMocks();
});

function expectPossible(): void {
  expect(delays).not.toEqual([]);
  const impossible = delays.filter((ms) => ms !== undefined && !isPossible(ms));
  expect(impossible).toEqual([]);
}

function isPossible(ms: unknown): boolean {
  return typeof ms === 'number' && ms >= 0 && ms <= LONGEST_MS;
}

const inProcess = test.skipIf(target !== 'source');

inProcess('the configuration', async () => {
  const config = itemsOf(await client.command('CONFIG', 'GET', '*')).map(textOf);
  let set = 0;
  for (let i = 0; i < config.length; i += 2) {
    const [name, before] = [config[i], config[i + 1]];
    if (!/^-?\d+$/.test(before) || UNTOUCHED.test(name)) continue;
    for (const extreme of EXTREMES) {
      if (isError(await client.command('CONFIG', 'SET', name, extreme))) continue;
      set++;
      await client.command('SET', 'k', name);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await client.command('CONFIG', 'SET', name, before);
  }
  expect(set).toBeGreaterThan(100);
  expectPossible();
});

inProcess('commands that wait', async () => {
  for (const line of ['BLPOP k2 9000000000000000', 'BLPOP k2 2147483.648', 'BLPOP k2 1e-9']) {
    const waiting = await RawClient.connect(server.port);
    waiting.send(Buffer.from(`${line}\r\n`));
    await client.command('PING');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await waiting.close();
  }
  for (const ms of ['0', '2147483648', '9000000000000000000']) {
    await client.command('CLIENT', 'PAUSE', ms, 'WRITE');
    await client.command('CLIENT', 'UNPAUSE');
  }
  for (const ms of ['9223372036854775807', '-9223372036854775808', '2147483648']) {
    await client.command('MIGRATE', '127.0.0.1', '1', 'k', '0', ms);
  }
  expectPossible();
});
