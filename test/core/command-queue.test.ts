// What a transaction has queued comes back as it was asked for, and takes no JavaScript heap.
import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { clientCommands } from '../../src/commands/connection/client.ts';
import { connectionCommands } from '../../src/commands/connection/connection.ts';
import { CommandQueue, NO_COMMAND } from '../../src/core/command-queue.ts';
import { OverflowBlocks } from '../../src/memory/overflow-blocks.ts';
import { ReceivedBytes } from '../../src/memory/received-bytes.ts';
import { Request } from '../../src/protocol/request.ts';
import { Random } from '../support/random.ts';
import { TestServer } from '../support/test-call.ts';

const server = new TestServer([...connectionCommands, ...clientCommands]);
const echo = server.command(Request.of(['echo']));
const ping = server.command(Request.of(['ping']));

function contents(queue: CommandQueue): [number, string[]][] {
  const found: [number, string[]][] = [];
  const reader = queue.reader();
  for (let id = reader.next(); id !== NO_COMMAND; id = reader.next()) {
    const { request } = reader;
    found.push([id, Array.from({ length: request.count }, (_, i) => request.latin1(i))]);
  }
  return found;
}

test('requests come back in order, whatever happens to the bytes they came in', () => {
  const random = new Random(1);
  const queue = new CommandQueue();
  const model: [number, string[]][] = [];
  for (let i = 0; i < 3000; i++) {
    const command = random.chance(0.5) ? echo : ping;
    const args = Array.from({ length: random.integer(1, 40) }, () =>
      'x'.repeat(random.chance(0.01) ? 20_000 : random.integer(0, 20)),
    );
    const request = Request.of(args);
    queue.add(command, request);
    request.buffer.fill(0);
    model.push([command.id, args]);
  }
  expect(queue.length).toBe(3000);
  expect(contents(queue)).toEqual(model);
});

test('large arguments stay where they are, and are released when they are no longer needed', () => {
  const blocks = new OverflowBlocks();
  const large = (length: number, fill: string): ReceivedBytes => {
    const bytes = new ReceivedBytes(blocks, length);
    while (!bytes.isComplete) {
      const window = bytes.window(length);
      window.fill(fill);
      bytes.filledBytes += window.length;
    }
    return bytes;
  };
  const request = new Request();
  const fill = (fillWith: string) => {
    request.clear();
    request.buffer = Buffer.from('ECHOxyz');
    request.reserve(4);
    request.push(0, 4);
    request.pushLarge(large(100_000, fillWith));
    request.push(4, 3);
    request.pushLarge(large(70_000, fillWith));
  };
  const queue = new CommandQueue();
  queue.add(ping, Request.of(['PING']));
  fill('a');
  queue.add(echo, request);
  fill('b');
  queue.add(echo, request);
  queue.add(echo, Request.of(['ECHO', 'small']));
  request.clear();
  const { usedBytes } = blocks;
  expect(usedBytes).toBeGreaterThan(340_000);
  expect(queue.sizeBytes).toBeGreaterThan(340_000);
  expect(queue.sizeBytes).toBeLessThan(345_000);
  const reader = queue.reader();
  expect(reader.next()).toBe(ping.id);
  expect(reader.next()).toBe(echo.id);
  expect(reader.request.latin1(1)).toBe('a'.repeat(100_000));
  expect(reader.request.latin1(2)).toBe('xyz');
  expect(reader.request.latin1(3)).toBe('a'.repeat(70_000));
  expect(blocks.usedBytes).toBe(usedBytes);
  expect(reader.next()).toBe(echo.id);
  expect(blocks.usedBytes).toBe(usedBytes / 2);
  expect(reader.request.latin1(3)).toBe('b'.repeat(70_000));
  expect(reader.next()).toBe(echo.id);
  expect(reader.request.latin1(1)).toBe('small');
  expect(reader.next()).toBe(NO_COMMAND);
  expect(blocks.usedBytes).toBe(0);
  // A queue that is dropped releases what it retains.
  fill('c');
  queue.add(echo, request);
  request.clear();
  expect(blocks.usedBytes).toBe(usedBytes / 2);
  queue.clear();
  expect([blocks.usedBytes, queue.sizeBytes, queue.length]).toEqual([0, 0, 0]);
});

test('a hundred thousand requests take no heap, and what they take is told', () => {
  const queue = new CommandQueue();
  const request = Request.of(['ECHO', 'a message of some length']);
  const before = getHeapStatistics().used_heap_size;
  for (let i = 0; i < 100_000; i++) queue.add(echo, request);
  const grownBytes = getHeapStatistics().used_heap_size - before;
  expect(queue.length).toBe(100_000);
  expect(queue.sizeBytes).toBeGreaterThan(100_000 * (4 + 16 + 28));
  expect(queue.sizeBytes).toBeLessThan(1.1 * 100_000 * (4 + 16 + 28));
  // With a Request for each it was more than 60 MB.
  expect(grownBytes).toBeLessThan(10_000_000);
});
