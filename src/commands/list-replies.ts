// Elements of lists in replies.
import type { Database } from '../keyspace/database.ts';
import { firstSpan, lastSpan, nextSpan, previousSpan, seekSpan } from '../keyspace/list-values.ts';
import type { Reply } from '../protocol/reply.ts';
import { ListSpan } from '../structures/list-span.ts';
import { elementBefore, PackedElement } from '../structures/packed-list.ts';

const span = new ListSpan();
const element = new PackedElement();

/** Answers the element at a place as a bulk string; returns the place after it. */
export function replyElement(reply: Reply, buffer: Buffer, at: number): number {
  const next = element.read(buffer, at);
  if (element.isInteger) reply.bulkInteger(element.integer);
  else reply.bulk(buffer, element.offset, element.length);
  return next;
}

/** Answers `count` elements of a list from an index on; there are as many. */
export function replyElements(
  reply: Reply,
  db: Database,
  ref: number,
  from: number,
  count: number,
): void {
  if (count === 0) return;
  let skipped = 0;
  if (from === 0) firstSpan(db, ref, span);
  else skipped = seekSpan(db, ref, from, span);
  let at = skipped === 0 ? span.start : span.placeOf(skipped);
  let here = span.count - skipped;
  for (let rest = count; ; ) {
    const { buffer } = span;
    const now = Math.min(rest, here);
    for (let i = 0; i < now; i++) at = replyElement(reply, buffer, at);
    rest -= now;
    if (rest === 0 || !nextSpan(db, span)) return;
    at = span.start;
    here = span.count;
  }
}

/** Answers the last `count` elements of a list, the last first; there are as many. */
export function replyElementsBackward(
  reply: Reply,
  db: Database,
  ref: number,
  count: number,
): void {
  if (count === 0) return;
  lastSpan(db, ref, span);
  for (let rest = count; ; ) {
    const { buffer } = span;
    let at = span.end;
    const now = Math.min(rest, span.count);
    for (let i = 0; i < now; i++) {
      at = elementBefore(buffer, at);
      replyElement(reply, buffer, at);
    }
    rest -= now;
    if (rest === 0 || !previousSpan(db, span)) return;
  }
}
