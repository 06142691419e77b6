// XXH32: what the specification's implementation gives, whole and in pieces.
import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { expect, test } from 'vitest';
import { loadXxh32 } from '../../../src/persistence/snapshots/lz4-checksum.ts';

const CHECKSUM_BYTES = 4;

const xxh32 = await loadXxh32();

test.each([
  ['', 0x02cc5d05],
  ['a', 0x550d7456],
  ['abc', 0x32d153ff],
  ['Nobody inspects the spammish repetition', 0xe2293b2f],
])('the checksum of %j', (text, checksum) => {
  expect(xxh32.of(Buffer.from(text))).toBe(checksum);
});

test('it is what stands at the end of a frame with the same content', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (array) => {
      const bytes = Buffer.from(array);
      const frame = compressFrameSync(bytes, { contentChecksum: true });
      expect(xxh32.of(bytes)).toBe(frame.readUInt32LE(frame.length - CHECKSUM_BYTES));
    }),
    { numRuns: 500 },
  );
});

test('pieces make no difference', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (pieces) => {
      const checksum = xxh32.stream();
      for (const piece of pieces) checksum.update(Buffer.from(piece));
      expect(checksum.digest()).toBe(xxh32.of(Buffer.concat(pieces)));
    }),
    { numRuns: 500 },
  );
});

test('streams do not disturb one another, nor the checksum of other bytes meanwhile', () => {
  const one = xxh32.stream();
  const two = xxh32.stream();
  for (const text of ['Nobody inspects ', 'the spammish ', 'repetition']) {
    one.update(Buffer.from(text));
    two.update(Buffer.from(text.toUpperCase()));
    expect(xxh32.of(Buffer.from('abc'))).toBe(0x32d153ff);
  }
  expect(one.digest()).toBe(0xe2293b2f);
  expect(two.digest()).toBe(xxh32.of(Buffer.from('NOBODY INSPECTS THE SPAMMISH REPETITION')));
});
