// The system gives no memory for a copy of what a client sends: its command is refused, or the client
// closed, and everybody else is served.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startServer } from '../../src/index.ts';
import { Request } from '../../src/protocol/request.ts';
import { encodeCommand } from '../support/command-line.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { BASE_CONFIG, temporaryDirectory } from '../support/running-server.ts';

const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
/** Buffers of so many bytes and more cannot be had, once `failAllocations` was called. */
const FAILING_BYTES = 30_000;
const LONG = 'x'.repeat(40_000);

let directory: ReturnType<typeof temporaryDirectory>;
let server: Awaited<ReturnType<typeof startServer>>;
let client: RawClient;
let bystander: RawClient;

beforeEach(async () => {
  directory = temporaryDirectory();
  server = await startServer({ ...BASE_CONFIG, dir: directory.path, logfile: 'log' });
  client = await RawClient.connect(server.port);
  bystander = await RawClient.connect(server.port);
  await client.command('PING');
});

afterEach(async () => {
  vi.restoreAllMocks();
  await client.close();
  await bystander.close();
  await server.close();
  directory.remove();
});

function failAllocations(): void {
  const allocate = Buffer.allocUnsafeSlow;
  vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((sizeBytes) => {
    if (sizeBytes >= FAILING_BYTES) throw new RangeError('Array buffer allocation failed');
    return allocate(sizeBytes);
  });
}

async function answer(...args: string[]): Promise<string> {
  return textOf(await client.command(...args));
}

function logged(): string {
  return readFileSync(join(directory.path, 'log'), 'utf8');
}

test('a request that cannot be queued is refused, and EXEC runs nothing', async () => {
  expect(await answer('MULTI')).toBe('OK');
  expect(await answer('SET', 'first', '1')).toBe('QUEUED');
  const request = encodeCommand(['SET', 'second', LONG]);
  failAllocations();
  client.send(request);
  expect((await client.read(1)).replies.map(textOf)).toEqual([OUT_OF_MEMORY]);
  vi.restoreAllMocks();
  expect(await answer('SET', 'third', '3')).toBe('QUEUED');
  expect(await answer('EXEC')).toMatch(/^EXECABORT /);
  expect(textOf(await bystander.command('EXISTS', 'first', 'second', 'third'))).toBe('0');
  expect(logged()).toContain('There is no memory for the command set');
});

test('a large argument that cannot be copied refuses its command', async () => {
  const large = 'y'.repeat(200_000);
  const request = encodeCommand(['RPUSH', 'key', large]);
  client.send(request.subarray(0, 100_000));
  // Its block is there before none can be had any more.
  await vi.waitFor(async () => {
    expect(textOf(await bystander.command('CLIENT', 'LIST'))).toMatch(/ qbuf=[1-9]\d{4}/);
  });
  failAllocations();
  client.send(request.subarray(100_000));
  const { replies } = await client.read(1);
  expect(replies.map(textOf)).toEqual([OUT_OF_MEMORY]);
  expect(await answer('EXISTS', 'key')).toBe('0');
});

test('a client whose unfinished request cannot be kept is closed', async () => {
  const request = encodeCommand(['SET', 'key', LONG]);
  failAllocations();
  client.send(request.subarray(0, LONG.length));
  await client.readUntilClose();
  expect(textOf(await bystander.command('PING'))).toBe('PONG');
  expect(logged()).toContain('Closing client for which there is no memory');
});

test('a client whose list of arguments cannot grow is closed', async () => {
  const { reserve } = Request.prototype;
  vi.spyOn(Request.prototype, 'reserve').mockImplementation(function failing(
    this: Request,
    count: number,
  ) {
    if (count > 1000) throw new RangeError('Array buffer allocation failed');
    reserve.call(this, count);
  });
  client.send(encodeCommand(['DEL', ...Array<string>(2000).fill('k')]));
  await client.readUntilClose();
  expect(textOf(await bystander.command('PING'))).toBe('PONG');
  expect(logged()).toContain('Closing client for which there is no memory');
});
