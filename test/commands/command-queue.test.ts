// What a transaction has queued comes back as it was asked for, and takes no JavaScript heap.
import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { clientCommands } from '../../src/commands/client-commands.ts';
import type { Command } from '../../src/commands/command.ts';
import { CommandQueue } from '../../src/commands/command-queue.ts';
import { connectionCommands } from '../../src/commands/connection.ts';
import { Request } from '../../src/protocol/request.ts';
import { Random } from '../support/random.ts';
import { TestServer } from '../support/test-call.ts';

const server = new TestServer([...connectionCommands, ...clientCommands]);
const echo = server.command(Request.of(['echo']));
const ping = server.command(Request.of(['ping']));

function contents(queue: CommandQueue): [Command, string[]][] {
  const found: [Command, string[]][] = [];
  const reader = queue.reader();
  for (let command = reader.next(); command !== undefined; command = reader.next()) {
    const { request } = reader;
    found.push([command, Array.from({ length: request.count }, (_, i) => request.latin1(i))]);
  }
  return found;
}

test('requests come back in order, whatever happens to the bytes they came in', () => {
  const random = new Random(1);
  const queue = new CommandQueue();
  const model: [Command, string[]][] = [];
  for (let i = 0; i < 3000; i++) {
    const command = random.chance(0.5) ? echo : ping;
    const args = Array.from({ length: random.integer(1, 40) }, () =>
      'x'.repeat(random.chance(0.01) ? 20_000 : random.integer(0, 20)),
    );
    const request = Request.of(args);
    queue.add(command, request);
    request.buffer.fill(0);
    model.push([command, args]);
  }
  expect(queue.length).toBe(3000);
  expect(contents(queue)).toEqual(model);
  // It can be read again.
  expect(contents(queue)).toEqual(model);
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
