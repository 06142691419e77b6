// The pause of clients: what it suspends, for how long, and how it ends.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Client } from '../../src/core/client.ts';
import { ClientPause, PAUSE_ALL, PAUSE_NONE, PAUSE_WRITES } from '../../src/core/client-pause.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A pause, and a client that it suspends and suspends again. */
function started() {
  const keyspace = { expiryPaused: false };
  const pause = new ClientPause(keyspace);
  const onResume = vi.fn((): void => {
    pause.suspended.add(client);
  });
  const client = { resume: onResume } as Partial<Client> as Client;
  pause.suspended.add(client);
  return { pause, onResume, keyspace };
}

test('a pause ends by itself, once', async () => {
  const { pause, onResume } = started();
  pause.begin(PAUSE_ALL, 100, Date.now());
  await vi.advanceTimersByTimeAsync(99);
  expect(pause.mode).toBe(PAUSE_ALL);
  expect(onResume).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(pause.mode).toBe(PAUSE_NONE);
  await vi.runAllTimersAsync();
  expect(onResume).toHaveBeenCalledTimes(1);
});

test('another pause makes it longer and stricter, never shorter or milder', async () => {
  const { pause } = started();
  pause.begin(PAUSE_WRITES, 100, Date.now());
  pause.begin(PAUSE_ALL, 10, Date.now());
  await vi.advanceTimersByTimeAsync(99);
  expect(pause.mode).toBe(PAUSE_ALL);
  pause.begin(PAUSE_WRITES, 50, Date.now());
  await vi.advanceTimersByTimeAsync(49);
  expect(pause.mode).toBe(PAUSE_ALL);
  await vi.advanceTimersByTimeAsync(1);
  expect(pause.mode).toBe(PAUSE_NONE);
});

test('a pause may be longer than a timer can be', async () => {
  const { pause } = started();
  pause.begin(PAUSE_ALL, 3 * 2 ** 31, Date.now());
  for (const endMs of [2 ** 31, 2 ** 31, 2 ** 31 - 1]) {
    await vi.advanceTimersByTimeAsync(endMs);
    expect(pause.mode).toBe(PAUSE_ALL);
  }
  await vi.advanceTimersByTimeAsync(1);
  expect(pause.mode).toBe(PAUSE_NONE);
});

test('a command suspends writes, and a pause neither ends that nor is ended by it', async () => {
  const { pause, onResume } = started();
  const resumeWrites = pause.suspendWrites();
  expect(pause.mode).toBe(PAUSE_WRITES);
  pause.end();
  expect(pause.mode).toBe(PAUSE_WRITES);
  pause.begin(PAUSE_ALL, 100, Date.now());
  expect(pause.mode).toBe(PAUSE_ALL);
  await vi.advanceTimersByTimeAsync(100);
  expect(pause.mode).toBe(PAUSE_WRITES);
  // Reads go on already.
  await vi.runAllTimersAsync();
  expect(onResume).toHaveBeenCalledTimes(1);
  pause.begin(PAUSE_WRITES, 100, Date.now());
  resumeWrites();
  expect(pause.mode).toBe(PAUSE_WRITES);
  pause.end();
  expect(pause.mode).toBe(PAUSE_NONE);
  pause.suspendWrites()();
  expect(pause.mode).toBe(PAUSE_NONE);
  await vi.runAllTimersAsync();
  expect(onResume).toHaveBeenCalledTimes(2);
});

test('several may suspend writes at a time: they go on when the last has ended, each once', () => {
  const { pause } = started();
  const [one, other] = [pause.suspendWrites(), pause.suspendWrites()];
  one();
  one();
  expect(pause.mode).toBe(PAUSE_WRITES);
  expect(pause.isSuspendingWrites).toBe(true);
  other();
  expect(pause.mode).toBe(PAUSE_NONE);
  expect(pause.isSuspendingWrites).toBe(false);
});

test('clients go on only when the command that ends the pause is done', async () => {
  const { pause, onResume } = started();
  pause.begin(PAUSE_ALL, 1000, Date.now());
  pause.end();
  pause.end();
  expect(pause.mode).toBe(PAUSE_NONE);
  expect(onResume).not.toHaveBeenCalled();
  await vi.runAllTimersAsync();
  expect(onResume).toHaveBeenCalledTimes(1);
});

test('a closed one resumes nobody', async () => {
  const { pause, onResume } = started();
  pause.begin(PAUSE_ALL, 1000, Date.now());
  pause.end();
  pause.close();
  pause.begin(PAUSE_ALL, 1000, Date.now());
  pause.close();
  await vi.runAllTimersAsync();
  expect(onResume).not.toHaveBeenCalled();
});

test('keys do not expire until those go on who were suspended', async () => {
  const { pause, onResume, keyspace } = started();
  pause.begin(PAUSE_WRITES, 100, Date.now());
  expect(keyspace.expiryPaused).toBe(true);
  pause.end();
  expect(keyspace.expiryPaused).toBe(true);
  onResume.mockImplementation(() => {
    expect(keyspace.expiryPaused).toBe(false);
  });
  await vi.runAllTimersAsync();
  expect(onResume).toHaveBeenCalledTimes(1);
});

test('clients go on in the order in which they were suspended, once', async () => {
  const pause = new ClientPause({ expiryPaused: false });
  const resumed: number[] = [];
  for (const id of [3, 1, 2]) {
    pause.suspended.add({ id, resume: () => void resumed.push(id) } as Client);
  }
  for (let i = 0; i < 2; i++) {
    pause.begin(PAUSE_ALL, 100, Date.now());
    await vi.advanceTimersByTimeAsync(101);
  }
  expect(resumed).toEqual([3, 1, 2]);
});
