// The pause that CLIENT PAUSE begins: what it suspends, for how long, and how it ends.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  ClientRegistry,
  PAUSE_ALL,
  PAUSE_NONE,
  PAUSE_WRITES,
} from '../../src/core/client-registry.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function started() {
  const registry = new ClientRegistry();
  const onResume = vi.fn();
  registry.onResume = onResume;
  return { registry, onResume };
}

test('a pause ends by itself, once', async () => {
  const { registry, onResume } = started();
  registry.pause(PAUSE_ALL, 100, Date.now());
  await vi.advanceTimersByTimeAsync(99);
  expect(registry.pauseMode).toBe(PAUSE_ALL);
  expect(onResume).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(registry.pauseMode).toBe(PAUSE_NONE);
  await vi.runAllTimersAsync();
  expect(onResume).toHaveBeenCalledTimes(1);
});

test('another pause makes it longer and stricter, never shorter or milder', async () => {
  const { registry } = started();
  registry.pause(PAUSE_WRITES, 100, Date.now());
  registry.pause(PAUSE_ALL, 10, Date.now());
  await vi.advanceTimersByTimeAsync(99);
  expect(registry.pauseMode).toBe(PAUSE_ALL);
  registry.pause(PAUSE_WRITES, 50, Date.now());
  await vi.advanceTimersByTimeAsync(49);
  expect(registry.pauseMode).toBe(PAUSE_ALL);
  await vi.advanceTimersByTimeAsync(1);
  expect(registry.pauseMode).toBe(PAUSE_NONE);
});

test('a pause may be longer than a timer can be', async () => {
  const { registry } = started();
  registry.pause(PAUSE_ALL, 3 * 2 ** 31, Date.now());
  for (const endMs of [2 ** 31, 2 ** 31, 2 ** 31 - 1]) {
    await vi.advanceTimersByTimeAsync(endMs);
    expect(registry.pauseMode).toBe(PAUSE_ALL);
  }
  await vi.advanceTimersByTimeAsync(1);
  expect(registry.pauseMode).toBe(PAUSE_NONE);
});

test('a command holds writes back, and a pause neither ends that nor is ended by it', async () => {
  const { registry, onResume } = started();
  registry.holdWrites();
  expect(registry.pauseMode).toBe(PAUSE_WRITES);
  registry.resume();
  expect(registry.pauseMode).toBe(PAUSE_WRITES);
  registry.pause(PAUSE_ALL, 100, Date.now());
  expect(registry.pauseMode).toBe(PAUSE_ALL);
  await vi.advanceTimersByTimeAsync(100);
  expect(registry.pauseMode).toBe(PAUSE_WRITES);
  // Reads go on already.
  await vi.runAllTimersAsync();
  expect(onResume).toHaveBeenCalledTimes(1);
  registry.pause(PAUSE_WRITES, 100, Date.now());
  registry.releaseWrites();
  expect(registry.pauseMode).toBe(PAUSE_WRITES);
  registry.resume();
  expect(registry.pauseMode).toBe(PAUSE_NONE);
  registry.holdWrites();
  registry.releaseWrites();
  expect(registry.pauseMode).toBe(PAUSE_NONE);
  await vi.runAllTimersAsync();
  expect(onResume).toHaveBeenCalledTimes(2);
});

test('clients go on only when the command that ends the pause is done', async () => {
  const { registry, onResume } = started();
  registry.pause(PAUSE_ALL, 1000, Date.now());
  registry.resume();
  registry.resume();
  expect(registry.pauseMode).toBe(PAUSE_NONE);
  expect(onResume).not.toHaveBeenCalled();
  await vi.runAllTimersAsync();
  expect(onResume).toHaveBeenCalledTimes(1);
});

test('a closed registry resumes nobody', async () => {
  const { registry, onResume } = started();
  registry.pause(PAUSE_ALL, 1000, Date.now());
  registry.resume();
  registry.close();
  registry.pause(PAUSE_ALL, 1000, Date.now());
  registry.close();
  await vi.runAllTimersAsync();
  expect(onResume).not.toHaveBeenCalled();
});
