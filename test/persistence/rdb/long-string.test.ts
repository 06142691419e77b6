// Strings written in steps are read back as they were, compressed page by page or not, and whenever the
// rest has to be written at once.
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { PINNED_PAGE_BYTES, PinnedBytes } from '../../../src/memory/pinned-bytes.ts';
import { LongString, Runs } from '../../../src/persistence/rdb/format/long-string.ts';
import { RdbReader } from '../../../src/persistence/rdb/format/rdb-reader.ts';
import { RdbWriter } from '../../../src/persistence/rdb/format/rdb-writer.ts';

const MIB = 1024 * 1024;
const text = (length: number) => Buffer.alloc(length, 'something that comes again, and again; ');

const STRINGS: Record<string, Buffer> = {
  'one page of text': text(PINNED_PAGE_BYTES),
  'a page and a byte': text(PINNED_PAGE_BYTES + 1),
  'a page and three bytes': text(PINNED_PAGE_BYTES + 3),
  text: text(500_000),
  noise: randomBytes(500_000),
  'noise, then text': Buffer.concat([randomBytes(400_000), text(400_000)]),
  'text, then noise': Buffer.concat([text(70_000), randomBytes(800_000)]),
  'much text': text(3 * MIB),
  'much noise': randomBytes(2 * MIB),
  // No sample tells that there is something to be compressed; they are of the second page and the middle.
  'noise around text': Buffer.concat([randomBytes(1.6 * MIB), text(MIB), randomBytes(1.6 * MIB)]),
};

const sources: Record<string, (bytes: Buffer) => PinnedBytes | Runs> = {
  'pinned bytes': (bytes) => new PinnedBytes(bytes),
  runs: (bytes) => new Runs([bytes.subarray(0, 6), bytes.subarray(6, -1), bytes.subarray(-1)]),
};

/** Writes a string; all that is left after so many steps at once. */
function written(string: LongString, compresses: boolean, steps: number) {
  const pieces: Buffer[] = [];
  const writer = new RdbWriter((piece) => pieces.push(piece), { compresses, pieceBytes: 4096 });
  let left = steps;
  let count = 1;
  for (; left > 0 && string.step(writer); left--) count++;
  if (left === 0) string.finish(writer);
  writer.flush();
  return { file: Buffer.concat(pieces), count };
}

const cases = Object.entries(STRINGS).flatMap(([name, bytes]) =>
  Object.entries(sources).map(([by, source]) => ({ name, by, bytes, source })),
);

test.each(cases)('$name, read as $by', ({ bytes, source }) => {
  for (const compresses of [true, false]) {
    const { file, count } = written(new LongString(source(bytes)), compresses, 1000);
    expectString(file, bytes);
    expect(count).toBeGreaterThanOrEqual(bytes.length / PINNED_PAGE_BYTES);
    expect(file.length).toBeLessThanOrEqual(bytes.length + 9);
  }
  for (let steps = 1; steps < 30; steps += 3) {
    expectString(written(new LongString(source(bytes)), true, steps).file, bytes);
  }
});

test('what can be compressed is, nearly as well as in one go', () => {
  const bytes = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `{"id":${i * 7919}}`).join());
  const pieces: Buffer[] = [];
  const writer = new RdbWriter((piece) => pieces.push(piece), { compresses: true });
  writer.string(bytes, 0, bytes.length);
  writer.flush();
  const atOnce = Buffer.concat(pieces).length;
  const inSteps = written(new LongString(new PinnedBytes(bytes)), true, 1000);
  expect(atOnce).toBeLessThan(bytes.length * 0.9);
  expect(inSteps.file.length).toBeLessThan(atOnce * 1.05);
});

function expectString(file: Buffer, bytes: Buffer): void {
  const input = RdbReader.of(file);
  const { buffer, offset, length } = input.string();
  expect(buffer.subarray(offset, offset + length).equals(bytes)).toBe(true);
  expect(input.offset).toBe(file.length);
}
