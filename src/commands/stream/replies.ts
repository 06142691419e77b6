// Replies of entries and ids of streams.
import { copyWide } from '../../protocol/copy-bytes.ts';
import type { Reply } from '../../protocol/reply.ts';
import {
  ARRAY,
  BULK,
  HEADER_BYTES,
  LINE_END_BYTES,
  writeBulk,
  writeHeader,
  writeLineEnd,
} from '../../protocol/resp-writer.ts';
import type { BlockCursor } from '../../types/stream/block-cursor.ts';
import type { EntryWalk } from '../../types/stream/entry-walk.ts';
import { ID_TEXT_BYTES, type StreamId } from '../../types/stream/stream-id.ts';

/** A header of two digits, the text, a line's end. */
const ID_REPLY_BYTES = 5 + ID_TEXT_BYTES + LINE_END_BYTES;
/** What stands before the fields of an entry, at most. */
const ENTRY_HEAD_BYTES = 2 * HEADER_BYTES + ID_REPLY_BYTES;
/** What a bulk string has beside its bytes, at most. */
const BULK_BYTES = HEADER_BYTES + LINE_END_BYTES;
/** Entries up to this are written at once. */
const MAX_SHORT_BYTES = 16 * 1024;
/** Pieces of entries up to this are copied faster by way of views. */
const MAX_WIDE_BYTES = 768;

/** An id, as a bulk string. */
export function replyId(reply: Reply, id: StreamId): void {
  const at = reply.reserve(ID_REPLY_BYTES);
  reply.position = writeIdBulk(reply.buffer, at, id);
}

function writeIdBulk(buffer: Buffer, at: number, id: StreamId): number {
  // Most texts have two digits of length: they are where they belong, others are moved.
  const start = at + 5;
  const end = id.write(buffer, start);
  const length = end - start;
  const body = writeHeader(buffer, at, BULK, length);
  if (body !== start) buffer.copyWithin(body, start, end);
  return writeLineEnd(buffer, body + length);
}

/** An entry: its id, and its fields and values. */
export function replyEntry(reply: Reply, cursor: BlockCursor): void {
  cursor.locate();
  const { fields, fieldLengths, valueLengths } = cursor;
  let sizeBytes = ENTRY_HEAD_BYTES + 2 * fields * BULK_BYTES;
  for (let i = 0; i < fields; i++) sizeBytes += fieldLengths[i] + valueLengths[i];
  if (sizeBytes > MAX_SHORT_BYTES) {
    replyLongEntry(reply, cursor);
    return;
  }
  const at = reply.reserve(sizeBytes);
  const { buffer, view } = reply;
  const position = writeHeader(buffer, at, ARRAY, 2);
  const fieldsAt = writeIdBulk(buffer, position, cursor.id);
  const start = writeHeader(buffer, fieldsAt, ARRAY, 2 * fields);
  reply.position =
    view === undefined || cursor.view === undefined || sizeBytes > MAX_WIDE_BYTES
      ? writeFields(buffer, start, cursor)
      : writeFieldsWide(buffer, start, view, cursor, cursor.view);
}

function writeFields(target: Buffer, start: number, cursor: BlockCursor): number {
  const { buffer, fields, fieldAt, fieldLengths, valueAt, valueLengths } = cursor;
  let at = start;
  for (let i = 0; i < fields; i++) {
    at = writeBulk(target, at, buffer, fieldAt[i], fieldLengths[i]);
    at = writeBulk(target, at, buffer, valueAt[i], valueLengths[i]);
  }
  return at;
}

/** The same, where there are views on what is copied and where it goes. */
function writeFieldsWide(
  target: Buffer,
  start: number,
  view: DataView,
  cursor: BlockCursor,
  from: DataView,
): number {
  const { fields, fieldAt, fieldLengths, valueAt, valueLengths } = cursor;
  let at = start;
  for (let i = 0; i < fields; i++) {
    at = writeHeader(target, at, BULK, fieldLengths[i]);
    at = writeLineEnd(target, copyWide(view, at, from, fieldAt[i], fieldLengths[i]));
    at = writeHeader(target, at, BULK, valueLengths[i]);
    at = writeLineEnd(target, copyWide(view, at, from, valueAt[i], valueLengths[i]));
  }
  return at;
}

/** An entry part of which may be pinned. */
function replyLongEntry(reply: Reply, cursor: BlockCursor): void {
  const { buffer, fields, fieldAt, fieldLengths, valueAt, valueLengths } = cursor;
  reply.array(2);
  replyId(reply, cursor.id);
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
