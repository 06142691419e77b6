// Reading LZ4 frames takes little memory, however much they become: in this process alone, as it is measured.
import { compressFrameSync } from 'lz4-napi';
import { expect, test } from 'vitest';
import { compressFrameNow } from '../../../src/persistence/snapshots/lz4-codec.ts';
import { Lz4Input } from '../../../src/persistence/snapshots/lz4-input.ts';
import { framesContent } from '../../../src/persistence/snapshots/lz4-reader.ts';

const MIB = 1024 * 1024;
const HEADER_BYTES = 7;
const END_MARK = Buffer.alloc(4);
const TEXT = 'some text of which little is left when it is compressed; ';

/** Reads frames, and returns how many bytes they became, and by how much the process grew meanwhile. */
async function readMeasured(
  frames: () => Iterable<Buffer>,
): Promise<{ contentBytes: number; grownBytes: number }> {
  const chunks = (async function* () {
    for (const frame of frames()) yield Buffer.from(frame);
  })();
  const before = process.memoryUsage.rss();
  let [contentBytes, most] = [0, before];
  for await (const piece of framesContent(new Lz4Input(chunks))) {
    contentBytes += piece.length;
    most = Math.max(most, process.memoryUsage.rss());
  }
  return { contentBytes, grownBytes: most - before };
}

test('one frame of many blocks of 4 MiB', async () => {
  const frame = compressFrameSync(Buffer.alloc(4 * MIB, TEXT));
  const block = frame.subarray(HEADER_BYTES, -END_MARK.length);
  const { contentBytes, grownBytes } = await readMeasured(function* () {
    yield frame.subarray(0, HEADER_BYTES);
    for (let i = 0; i < 250; i++) yield block;
    yield END_MARK;
  });
  expect(contentBytes).toBe(1000 * MIB);
  expect(grownBytes).toBeLessThan(250 * MIB);
});

test('many frames of a block of 256 KiB, as Synap writes them', async () => {
  const frame = compressFrameNow(Buffer.alloc(256 * 1024, TEXT));
  const { contentBytes, grownBytes } = await readMeasured(function* () {
    for (let i = 0; i < 4000; i++) yield frame;
  });
  expect(contentBytes).toBe(1000 * MIB);
  expect(grownBytes).toBeLessThan(400 * MIB);
});
