// Reading the stream from any offset, over segments, while it is written, and while it is cut.

import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLog } from '../../../src/persistence/log/open-log.ts';
import {
  LogReader,
  OffsetTooOldError,
  readFrom,
} from '../../../src/persistence/recovery/log-reader.ts';
import { DamageError } from '../../../src/persistence/recovery/recovery.ts';
import type { Log } from '../../../src/persistence/segments/log.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { append, command, digest, newLog, optionsWith, readLog, rotate, ticking } from '../logs.ts';

let directory: { path: string; remove(): void };
let path: string;
let log: Log;
const stream: Buffer[] = [];

beforeEach(async () => {
  directory = temporaryDirectory();
  path = join(directory.path, 'log');
  log = await newLog(path, { policy: { mode: 'no', intervalMs: 0 }, ...ticking(400) });
  stream.length = 0;
});

afterEach(async () => {
  await log.close();
  directory.remove();
});

function add(groups: number): void {
  for (let i = 0; i < groups; i++) {
    stream.push(command('SET', `key:${stream.length}`, 'v'.repeat(stream.length % 90)));
    append(log, stream[stream.length - 1]);
  }
}

const rotated = () => rotate(log);

async function read(offset: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const { bytes, start } of readFrom(log, offset)) {
    expect(start).toBe(offset + pieces.reduce((sum, { length }) => sum + length, 0));
    pieces.push(Buffer.from(bytes));
  }
  return Buffer.concat(pieces);
}

test('from every offset to the end', async () => {
  add(10);
  await rotated();
  add(5);
  await rotated();
  await rotated();
  add(5);
  const all = Buffer.concat(stream);
  for (let offset = 0; offset <= all.length; offset++) {
    expect(digest(await read(offset))).toBe(digest(all.subarray(offset)));
  }
});

test('also what an earlier process wrote', async () => {
  add(10);
  await rotated();
  add(10);
  await log.close();
  const recovered = await readLog(path);
  log = await openLog(recovered.directory, recovered, optionsWith());
  add(10);
  expect(digest(await read(3))).toBe(digest(Buffer.concat(stream).subarray(3)));
});

test('while it is written, and rotated', async () => {
  const reader = new LogReader(log, 0);
  const pieces: Buffer[] = [];
  for (let round = 0; round < 60; round++) {
    add(round % 7);
    if (round % 10 === 5) await rotated();
    for (let left = round % 4; left >= 0; left--) {
      const piece = await reader.next();
      if (piece !== undefined) pieces.push(Buffer.from(piece.bytes));
    }
  }
  for (let piece = await reader.next(); piece !== undefined; piece = await reader.next()) {
    pieces.push(Buffer.from(piece.bytes));
  }
  reader.close();
  expect(reader.offset).toBe(log.offset);
  expect(log.segment.seq).toBeGreaterThan(4);
  expect(digest(Buffer.concat(pieces))).toBe(digest(Buffer.concat(stream)));
});

test('not beyond the end, nor before the beginning, nor through damage', async () => {
  add(3);
  expect(() => new LogReader(log, log.offset + 1)).toThrow(RangeError);
  await rotated();
  const beginning = log.offset;
  add(3);
  await log.flush();
  truncateSync(join(path, 'appendonly.aof.1.incr.aof'), 100);
  await expect(read(0)).rejects.toThrow(DamageError);
  truncateSync(join(path, 'appendonly.aof.1.incr.aof'), 0);
  await expect(read(0)).rejects.toThrow(/ends too early/);
  await log.directory.update((manifest) => ({ ...manifest, segments: manifest.segments.slice(1) }));
  expect(() => new LogReader(log, 0)).toThrow(OffsetTooOldError);
  expect((await read(beginning)).length).toBe(log.offset - beginning);
});
