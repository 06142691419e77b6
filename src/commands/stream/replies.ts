// Replies of entries and ids of streams.
import type { Reply } from '../../protocol/reply.ts';
import type { BlockCursor } from '../../types/stream/block-cursor.ts';
import type { EntryWalk } from '../../types/stream/entry-walk.ts';
import { ID_TEXT_BYTES, type StreamId } from '../../types/stream/stream-id.ts';

const DOLLAR = 36;
const ZERO = 48;
const CR = 13;
const LF = 10;
/** A header of two digits, the text, a line's end. */
const ID_REPLY_BYTES = 5 + ID_TEXT_BYTES + 2;

/** An id, as a bulk string. */
export function replyId(reply: Reply, id: StreamId): void {
  const at = reply.reserve(ID_REPLY_BYTES);
  const { buffer } = reply;
  // Most texts have two digits of length: they are where they belong, others are moved.
  const start = at + 5;
  let end = id.write(buffer, start);
  const length = end - start;
  buffer[at] = DOLLAR;
  if (length >= 10) {
    const tens = (length / 10) | 0;
    buffer[at + 1] = ZERO + tens;
    buffer[at + 2] = ZERO + length - tens * 10;
    buffer[at + 3] = CR;
    buffer[at + 4] = LF;
  } else {
    buffer[at + 1] = ZERO + length;
    buffer[at + 2] = CR;
    buffer[at + 3] = LF;
    for (let i = 0; i < length; i++) buffer[at + 4 + i] = buffer[start + i];
    end--;
  }
  buffer[end] = CR;
  buffer[end + 1] = LF;
  reply.position = end + 2;
}

/** An entry: its id, and its fields and values. */
export function replyEntry(reply: Reply, cursor: BlockCursor): void {
  reply.array(2);
  replyId(reply, cursor.id);
  replyFields(reply, cursor);
}

function replyFields(reply: Reply, cursor: BlockCursor): void {
  cursor.locate();
  const { buffer, fields, fieldAt, fieldLengths, valueAt, valueLengths } = cursor;
  reply.array(2 * fields);
  for (let i = 0; i < fields; i++) {
    reply.bulk(buffer, fieldAt[i], fieldLengths[i]);
    reply.bulk(buffer, valueAt[i], valueLengths[i]);
  }
}

/** The next entries of a walk; there are as many. */
export function replyEntries(reply: Reply, walk: EntryWalk, count: number): void {
  reply.array(count);
  const { cursor } = walk;
  for (let i = 0; i < count; i++) {
    if (!walk.next()) throw new Error('there are fewer entries than were counted');
    replyEntry(reply, cursor);
  }
}
