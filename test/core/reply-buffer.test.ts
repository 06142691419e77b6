// A client's share of the buffers for replies: how its size follows its use, as in Redis
// (clientsCronResizeOutputBuffer), and what of its output the limits count.
import { expect, test } from 'vitest';
import { ReplyBuffer, ReplyBufferSettings } from '../../src/core/reply-buffer.ts';

const BLOCK = 16_384;

test('shrinks when it is not used, and grows when all of it was', () => {
  const settings = new ReplyBufferSettings();
  const buffer = new ReplyBuffer(0);
  const sizes: number[] = [];
  const see = (nowMs: number): void => {
    buffer.resize(settings, 0, nowMs);
    sizes.push(buffer.sizeBytes);
  };
  // A new one counts as used, until its peak is forgotten.
  for (const nowMs of [100, 5000, 5001, 5100]) see(nowMs);
  expect(sizes.splice(0)).toEqual([16_384, 16_384, 16_384, 1024]);
  // What is used less than to the half: to what is used.
  buffer.note(700);
  see(5200);
  expect(sizes.splice(0)).toEqual([1024]);
  buffer.note(50_000);
  for (let i = 0; i < 6; i++) {
    see(5300);
    buffer.note(50_000);
  }
  expect(sizes.splice(0)).toEqual([2048, 4096, 8192, 16_384, 16_384, 16_384]);
  expect([settings.shrinks, settings.expands]).toEqual([1, 4]);
  see(10_200);
  buffer.note(3000);
  see(10_300);
  expect(sizes.splice(0)).toEqual([16_384, 3001]);
});

test('stays as it is while resizing is off, and peaks stay when they are never forgotten', () => {
  const settings = new ReplyBufferSettings();
  const buffer = new ReplyBuffer(0);
  settings.isResizing = false;
  for (let nowMs = 0; nowMs < 20_000; nowMs += 100)
    expect(buffer.resize(settings, 0, nowMs)).toBe(0);
  settings.isResizing = true;
  settings.peakResetMs = -1;
  for (let nowMs = 0; nowMs < 20_000; nowMs += 100)
    expect(buffer.resize(settings, 0, nowMs)).toBe(0);
  settings.peakResetMs = 100;
  buffer.resize(settings, 0, 20_000);
  expect(buffer.resize(settings, 0, 20_100)).toBe(1024 - 16_384);
});

test('counts what does not fit into it in blocks', () => {
  const buffer = new ReplyBuffer(0);
  const counted = (unsent: number) => [
    buffer.bufferedBytes(unsent),
    buffer.blocksOf(unsent),
    buffer.listBytes(unsent),
  ];
  expect(counted(0)).toEqual([0, 0, 0]);
  expect(counted(BLOCK)).toEqual([BLOCK, 0, 0]);
  expect(counted(BLOCK + 1)).toEqual([BLOCK, 1, BLOCK + 40]);
  expect(counted(2 * BLOCK)).toEqual([BLOCK, 1, BLOCK + 40]);
  expect(counted(1_000_000)).toEqual([BLOCK, 61, 1_000_000 - BLOCK + 61 * 40]);
});
