// The load that keeps every latency, against servers that answer in known ways.

import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type LoadPlan, startLoad } from '../../bench/support/load.mjs';

const OK = '+OK\r\n';
const BULK = `$16\r\n${'v'.repeat(16)}\r\n`;
const HELD_MS = 50;

let close = () => {};
afterEach(() => close());

/** A server that hands the command and key of each request to `answer`. */
async function listen(answer: (command: string, key: string, socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let rest = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString('latin1')).split('\r\n');
      for (let size = 0; ; lines.splice(0, size)) {
        size = 1 + 2 * Number(lines[0]?.slice(1));
        if (!(lines.length > size)) break;
        answer(lines[2], lines[4], socket);
      }
      rest = lines.join('\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A server that can hold its answers back. */
async function listenHolding() {
  const held: (() => void)[] = [];
  let isHolding = false;
  let answered = 0;
  const port = await listen((command, key, socket) => {
    const answer = () => {
      answered++;
      answerAtOnce(command, key, socket);
    };
    if (isHolding) held.push(answer);
    else answer();
  });
  return {
    port,
    answered: () => answered,
    /** Holds from now on; resolves when so many are held. */
    async holdAll(count: number) {
      isHolding = true;
      while (held.length < count) await sleep(5);
    },
    answerAll() {
      isHolding = false;
    },
    release() {
      for (const answer of held.splice(0)) answer();
    },
  };
}

const plan = (port: number, changes: Partial<LoadPlan> = {}): LoadPlan => ({
  port,
  clients: 3,
  commands: ['GET', 'SET'],
  requestsPerSecond: null,
  firstKey: 100,
  keys: 50,
  ...changes,
});

function answerAtOnce(command: string, _key: string, socket: Socket) {
  socket.write(command === 'GET' ? BULK : OK);
}

describe('startLoad', () => {
  test('sends commands in turn, over the keys that it was given', async () => {
    const keys = new Set<number>();
    const counts: Record<string, number> = { GET: 0, SET: 0 };
    const port = await listen((command, key, socket) => {
      counts[command]++;
      keys.add(Number(key.slice('key:'.length)));
      answerAtOnce(command, key, socket);
    });
    const load = await startLoad(plan(port));
    while (keys.size < 50) await sleep(5);
    await load.stop();
    expect(Math.min(...keys)).toBe(100);
    expect(Math.max(...keys)).toBe(149);
    expect(Math.abs(counts.GET - counts.SET)).toBeLessThanOrEqual(3);
  });

  test('counts a request for the phase in which it was sent, however late it is answered', async () => {
    const server = await listenHolding();
    const load = await startLoad(plan(server.port, { commands: ['GET'] }));
    await load.enter('quick');
    while (server.answered() < 100) await sleep(5);
    await load.enter(null);
    await server.holdAll(3);
    await load.enter('late');
    // These were sent before the phase. Those that follow are in it, and are held again.
    server.release();
    await server.holdAll(3);
    await load.enter(null);
    const reports = load.report();
    await sleep(HELD_MS);
    server.release();
    server.answerAll();
    const { quick, late, ...others } = await reports;
    await load.stop();
    expect(others).toEqual({});
    expect(late.latencies.GET?.requests).toBe(3);
    expect(late.latencies.GET?.p50Ms).toBeGreaterThanOrEqual(0.9 * HELD_MS);
    expect(late.latencies.SET).toBeUndefined();
    const { requests = 0 } = quick.latencies.GET ?? {};
    expect(requests).toBeGreaterThan(10);
    expect(quick.requestsPerSecond).toBeCloseTo(requests / quick.seconds, 6);
  });

  test('adds up a phase that was on more than once', async () => {
    const port = await listen(answerAtOnce);
    const load = await startLoad(plan(port));
    let leastMs = 0;
    let mostMs = 0;
    for (let i = 0; i < 2; i++) {
      const asked = performance.now();
      await load.enter('a');
      const entered = performance.now();
      await sleep(30);
      leastMs += performance.now() - entered;
      await load.enter(null);
      mostMs += performance.now() - asked;
      await sleep(60);
    }
    const { a } = await load.report();
    await load.stop();
    // Two clocks of two threads: a millisecond is not what this is about.
    expect(a.seconds * 1000).toBeGreaterThanOrEqual(leastMs - 1);
    expect(a.seconds * 1000).toBeLessThanOrEqual(mostMs + 1);
  });

  test('keeps its pace while nothing is answered', async () => {
    const server = await listenHolding();
    const load = await startLoad(plan(server.port, { requestsPerSecond: 1000 }));
    await load.enter('silent');
    await server.holdAll(100);
    server.answerAll();
    server.release();
    const { silent } = await load.report();
    await load.stop();
    const { GET, SET } = silent.latencies;
    expect((GET?.requests ?? 0) + (SET?.requests ?? 0)).toBeGreaterThanOrEqual(100);
  });

  test('takes replies that come in pieces', async () => {
    const port = await listen((command, _key, socket) => {
      const reply = command === 'GET' ? BULK : OK;
      socket.write(reply.slice(0, 3));
      setTimeout(() => socket.write(reply.slice(3)), 5);
    });
    const load = await startLoad(plan(port));
    await load.enter('a');
    await sleep(100);
    const { a } = await load.report();
    await load.stop();
    expect(a.latencies.SET?.requests).toBeGreaterThan(0);
  });

  test('fails with the reply that is none to its request', async () => {
    const port = await listen((_command, _key, socket) => socket.write('-MISCONF disk\r\n'));
    await expect(startLoad(plan(port))).rejects.toThrow('unexpected reply "-MISCONF disk"');
  });

  test('fails when the connection is lost', async () => {
    const port = await listen((_command, _key, socket) => socket.destroy());
    await expect(startLoad(plan(port))).rejects.toThrow('closed a connection');
  });
});
