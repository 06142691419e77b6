// How long groups wait for others to share their sync under `always`: by a clock of the test's own, and that nobody waits
// for those who do not come.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CommitDelay } from '../../../src/persistence/log/commit-delay.ts';
import type { RawClient } from '../../support/raw-client.ts';
import { textOf } from '../../support/reply-frames.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { LogServer } from './log-server.ts';

describe('by itself', () => {
  let calls: number;
  let delay: CommitDelay;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    calls = 0;
    delay = new CommitDelay(() => calls++);
  });

  afterEach(() => {
    delay.stop();
    vi.useRealTimers();
  });

  test('there is none before the first sync', () => {
    expect(delay.isOver(0)).toBe(true);
  });

  test('it ends when as many have come as were expected', () => {
    delay.restart(3, 10_000);
    expect(delay.isOver(2)).toBe(false);
    expect(delay.isOver(3)).toBe(true);
  });

  test('it ends with half the time that the last sync took', () => {
    delay.restart(3, 1_000);
    vi.advanceTimersByTime(0.4);
    expect(delay.isOver(2)).toBe(false);
    vi.advanceTimersByTime(0.1);
    expect(delay.isOver(2)).toBe(true);
  });

  test('it ends after a millisecond, however slow the disk is', () => {
    delay.restart(3, 1_000_000);
    expect(delay.isOver(0)).toBe(false);
    vi.advanceTimersByTime(1);
    expect(delay.isOver(0)).toBe(true);
  });

  test('its end is told once, to those who have asked before it', () => {
    delay.restart(3, 1_000_000);
    vi.advanceTimersByTime(0.5);
    expect([delay.isOver(0), delay.isOver(1)]).toEqual([false, false]);
    expect(calls).toBe(0);
    vi.advanceTimersByTime(10);
    expect(calls).toBe(1);
    delay.restart(3, 1_000_000);
    vi.advanceTimersByTime(10);
    expect(calls).toBe(1);
  });

  test('stopped, it tells nothing', () => {
    delay.restart(3, 1_000_000);
    expect(delay.isOver(0)).toBe(false);
    delay.stop();
    vi.advanceTimersByTime(10);
    expect(calls).toBe(0);
  });
});

describe('in a server', () => {
  let directory: { path: string; remove(): void };
  let server: LogServer;

  beforeEach(async () => {
    directory = temporaryDirectory();
    server = await LogServer.start(directory.path, { appendfsync: 'always' });
  });

  afterEach(async () => {
    await server.stop();
    directory.remove();
  });

  test('who goes on alone is answered, again and again', async () => {
    const clients: RawClient[] = [];
    for (let i = 0; i < 5; i++) clients.push(await server.connect());
    const all = await Promise.all(clients.map((client, i) => client.command('SET', `k${i}`, 'v')));
    expect(all.map(textOf)).toEqual(clients.map(() => 'OK'));
    // The others were released with it, and are waited for in vain.
    for (let i = 0; i < 20; i++) {
      expect(textOf(await clients[0].command('SET', 'k', String(i)))).toBe('OK');
    }
  });
});
