// Entries of streams as plain lists of them, for tests.
import { Request } from '../../../src/protocol/request.ts';
import type { BlockCursor } from '../../../src/types/stream/block-cursor.ts';
import { StreamId } from '../../../src/types/stream/stream-id.ts';
import type { Streams } from '../../../src/types/stream/streams.ts';

export interface Entry {
  readonly id: bigint;
  readonly items: readonly string[];
}

export const MAX_ID = (1n << 128n) - 1n;

export function idOf(value: bigint): StreamId {
  const id = new StreamId();
  const word = (shift: bigint) => Number(BigInt.asIntN(32, value >> shift));
  id.setWords(word(96n), word(64n), word(32n), word(0n));
  return id;
}

export function numberOf({ msHigh, msLow, seqHigh, seqLow }: StreamId): bigint {
  return [msHigh, msLow, seqHigh, seqLow].reduce((sum, w) => (sum << 32n) | BigInt(w >>> 0), 0n);
}

export function entryOf(cursor: BlockCursor): Entry {
  cursor.locate();
  const items: string[] = [];
  for (let i = 0; i < cursor.fields; i++) {
    const text = (at: number, length: number) => cursor.buffer.toString('latin1', at, at + length);
    items.push(text(cursor.fieldAt[i], cursor.fieldLengths[i]));
    items.push(text(cursor.valueAt[i], cursor.valueLengths[i]));
  }
  return { id: numberOf(cursor.id), items };
}

/** The entries of a range. */
export function range(
  streams: Streams,
  root: number,
  first: bigint,
  last: bigint,
  isReverse: boolean,
) {
  const walk = streams.newWalk();
  walk.open(root, idOf(first), idOf(last), isReverse);
  const entries: Entry[] = [];
  while (walk.next()) entries.push(entryOf(walk.cursor));
  return entries;
}

export function append(streams: Streams, root: number, { id, items }: Entry): void {
  streams.append(root, idOf(id), Request.of(items), 0, items.length / 2);
}

export function keep(model: Entry[], count: number): number {
  return model.splice(0, Math.max(0, model.length - count)).length;
}
