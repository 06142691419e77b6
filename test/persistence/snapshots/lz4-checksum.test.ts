// XXH32: what the specification's implementation gives, whole and in pieces.
import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { expect, test } from 'vitest';
import { Xxh32 } from '../../../src/persistence/snapshots/lz4-checksum.ts';

const CHECKSUM_BYTES = 4;

test.each([
  ['', 0x02cc5d05],
  ['a', 0x550d7456],
  ['abc', 0x32d153ff],
  ['Nobody inspects the spammish repetition', 0xe2293b2f],
])('the checksum of %j', (text, checksum) => {
  expect(Xxh32.of(Buffer.from(text))).toBe(checksum);
});

test('it is what stands at the end of a frame with the same content', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (array) => {
      const bytes = Buffer.from(array);
      const frame = compressFrameSync(bytes, { contentChecksum: true });
      expect(Xxh32.of(bytes)).toBe(frame.readUInt32LE(frame.length - CHECKSUM_BYTES));
    }),
    { numRuns: 500 },
  );
});

test('pieces make no difference', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (pieces) => {
      const checksum = new Xxh32();
      for (const piece of pieces) checksum.update(Buffer.from(piece));
      expect(checksum.digest()).toBe(Xxh32.of(Buffer.concat(pieces)));
    }),
    { numRuns: 500 },
  );
});
