// A log of records holds what a plain array of the same records holds, and no more memory than chunks.
import { expect, test } from 'vitest';
import { RecordLog } from '../../src/memory/record-log.ts';
import { Random } from '../support/random.ts';

function contents(log: RecordLog): Buffer[] {
  const found: Buffer[] = [];
  const reader = log.reader();
  while (reader.next()) {
    found.push(Buffer.from(reader.buffer.subarray(reader.offset, reader.offset + reader.length)));
  }
  return found;
}

/** Records as text, as comparing buffers byte by byte takes long. */
function texts(buffers: readonly Buffer[]): string[] {
  return buffers.map((bytes) => bytes.toString('latin1'));
}

function add(log: RecordLog, bytes: Buffer): void {
  const at = log.add(bytes.length);
  bytes.copy(log.buffer, at);
}

test.each(Array.from({ length: 10 }, (_, seed) => seed))('a FIFO of records: seed %i', (seed) => {
  const random = new Random(seed);
  const log = new RecordLog();
  const model: Buffer[] = [];
  for (let step = 0; step < 2000; step++) {
    if (model.length > 0 && random.chance(step < 1200 ? 0.3 : 0.7)) {
      log.dropFirst();
      model.shift();
    } else {
      const size = random.chance(0.02) ? random.integer(60_000, 200_000) : random.integer(0, 300);
      const bytes = Buffer.alloc(size, step);
      add(log, bytes);
      model.push(bytes);
    }
    expect(log.length).toBe(model.length);
    if (step % 100 === 0) expect(texts(contents(log))).toEqual(texts(model));
  }
  expect(texts(contents(log))).toEqual(texts(model));
  log.clear();
  expect([log.length, log.sizeBytes, contents(log)]).toEqual([0, 0, []]);
});

test('takes little more than the records', () => {
  const log = new RecordLog();
  for (let i = 0; i < 10_000; i++) add(log, Buffer.alloc(96, i));
  expect(log.sizeBytes).toBeGreaterThan(1_000_000);
  expect(log.sizeBytes).toBeLessThan(1_100_000);
  for (let i = 0; i < 9_900; i++) log.dropFirst();
  expect(log.sizeBytes).toBeLessThanOrEqual(2 * 64 * 1024);
  expect(contents(log).map(([byte]) => byte)).toEqual(
    Array.from({ length: 100 }, (_, i) => (9_900 + i) & 255),
  );
});

test('a record that is larger than a chunk has one of its own', () => {
  const log = new RecordLog();
  add(log, Buffer.from('small'));
  add(log, Buffer.alloc(1_000_000, 7));
  add(log, Buffer.from('after'));
  expect(contents(log).map(({ length }) => length)).toEqual([5, 1_000_000, 5]);
  expect(log.sizeBytes).toBeLessThan(1_000_004 + 1024 + 64 * 1024 + 1);
  log.dropFirst();
  log.dropFirst();
  expect(contents(log)).toEqual([Buffer.from('after')]);
  expect(log.sizeBytes).toBeLessThanOrEqual(64 * 1024);
});
