// Many clients that wait for keys at the same time, and wait again as soon as they were served.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { maxClientsOfSystem } from '../../src/net/descriptor-limit.ts';
import { byTier } from '../support/tier.ts';
import { infoField, LoggedServer } from './logged-server.ts';

const CLIENTS = byTier(2_000, 10_000);
const KEYS = byTier(500, 1_000);
const ELEMENTS = byTier(30_000, 100_000);
/** Files that a process has open besides its clients. */
const OTHER_FILES = 200;

const program = fileURLToPath(new URL('fixtures/blocked-clients.mjs', import.meta.url));

interface Result {
  /** The element that each client got first. */
  readonly first: readonly number[];
  /** All that each client got, in order. */
  readonly received: readonly (readonly number[])[];
  readonly keysLeft: string;
}

test('they are served in order, each element once', { timeout: 120_000 }, async () => {
  const clients = Math.min(CLIENTS, maxClientsOfSystem() - OTHER_FILES);
  if (clients < CLIENTS) {
    console.warn(`${clients} clients instead of ${CLIENTS}: the system allows no more open files`);
  }
  const server = await LoggedServer.start({ maxclients: clients + OTHER_FILES / 2 });
  const { first, received, keysLeft } = await run(server.port, clients);
  // Those who waited first were served first: of each key, and the keys were pushed to in turn.
  expect(first).toEqual(first.map((_, client) => client));
  // Nobody got an element that was pushed before one that the same client had got already.
  const unordered = received.filter((elements) => elements.some((n, i) => n <= elements[i - 1]));
  expect(unordered).toEqual([]);
  const all = received.flat().sort((a, b) => a - b);
  expect(all).toEqual(all.map((_, n) => n));
  expect([all.length, keysLeft]).toEqual([ELEMENTS, ':0']);

  const observer = await server.connect();
  await server.clientCount(observer, 1);
  expect(await infoField(observer, 'blocked_clients')).toBe('0');
  await observer.close();
  await server.stop();
});

async function run(port: number, clients: number): Promise<Result> {
  const args = [program, port, clients, KEYS, ELEMENTS].map(String);
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  return JSON.parse(Buffer.concat(output).toString());
}
