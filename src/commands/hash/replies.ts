// Fields of hashes and their values in replies.
import type { Database } from '../../keyspace/database.ts';
import { openPacked, PackedView } from '../../keyspace/packed-value.ts';
import type { Reply } from '../../protocol/reply.ts';
import { elementAfter } from '../../structures/packed-list.ts';
import { ENCODING_PACKED } from '../../types/hash/encodings.ts';
import { FieldView } from '../../types/hash/field-view.ts';
import { hashesOf } from '../../types/hash/values.ts';
import { replyElement, replyRun } from '../list/replies.ts';

/** What is answered of each field: bits. */
export const FIELDS = 1;
export const VALUES = 2;
export const PAIRS: number = FIELDS | VALUES;

const packed = new PackedView();
const view = new FieldView();

/** Answers a field or a value as a bulk string. */
export function replyView(reply: Reply, stored: FieldView): void {
  if (stored.isInteger) reply.bulkInteger(stored.integer);
  else reply.bulk(stored.buffer, stored.offset, stored.length, stored.view);
}

/** Answers all fields of a hash, or their values, or both in turn, without a header. */
export function replyHash(reply: Reply, db: Database, ref: number, parts: number): void {
  if (db.encodingOf(ref) !== ENCODING_PACKED) {
    replyTable(reply, db, ref, parts);
    return;
  }
  openPacked(db.entries, ref, packed);
  const { buffer, start, end, count } = packed;
  if (parts === PAIRS) {
    replyRun(reply, buffer, start, count);
    return;
  }
  for (let at = start; at < end; ) {
    if (parts === VALUES) at = elementAfter(buffer, at);
    at = replyElement(reply, buffer, at);
    if (parts === FIELDS) at = elementAfter(buffer, at);
  }
}

function replyTable(reply: Reply, db: Database, ref: number, parts: number): void {
  const hashes = hashesOf(db.entries);
  hashes.visitLive(db.entries.root(ref), (record) => {
    if ((parts & FIELDS) !== 0) {
      hashes.viewField(record, view);
      replyView(reply, view);
    }
    if ((parts & VALUES) !== 0) {
      hashes.viewValue(record, view);
      replyView(reply, view);
    }
  });
}
