// The text of ids: times share their leading digits with the one that was written before.

import { expect, test } from 'vitest';
import { ID_TEXT_BYTES, StreamId } from '../../../src/types/stream/stream-id.ts';

const target = Buffer.alloc(ID_TEXT_BYTES + 1);

function textOf(ms: bigint, seq: bigint): string {
  const id = new StreamId();
  const words = [ms >> 32n, ms & 0xffffffffn, seq >> 32n, seq & 0xffffffffn];
  const [msHigh, msLow, seqHigh, seqLow] = words.map((word) => Number(BigInt.asIntN(32, word)));
  id.setWords(msHigh, msLow, seqHigh, seqLow);
  expect(id.toString()).toBe(`${ms}-${seq}`);
  return target.toString('latin1', 1, id.write(target, 1));
}

test('the text of an id is that of its numbers, whatever was written before', () => {
  const times = [0n, 9n, 9_999n, 10_000n, 10_001n, 20_000n, 99_999n, 1_699_999_999_999n];
  times.push(1_700_000_000_000n, 1_700_000_000_123n, 1_700_000_009_999n, 1_700_000_010_000n);
  times.push(2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n);
  const sequences = [0n, 9n, 10n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 64n - 1n];
  for (const before of times) {
    for (const ms of times) {
      for (const seq of sequences) {
        textOf(before, 0n);
        expect(textOf(ms, seq)).toBe(`${ms}-${seq}`);
      }
    }
  }
});
