// Elements of lists in replies.
import type { Database } from '../../keyspace/database.ts';
import type { Reply } from '../../protocol/reply.ts';
import { SHORT_BULK_BYTES, writeShortBulk } from '../../protocol/short-bulk.ts';
import { elementBefore, PackedElement } from '../../structures/packed-list.ts';
import { ListSpan } from '../../types/list/list-span.ts';
import { firstSpan, lastSpan, nextSpan, previousSpan, seekSpan } from '../../types/list/values.ts';

/** Elements for which room is made at a time. */
const ROOM_ELEMENTS = 128;

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
  if (from === 0) firstSpan(db.entries, ref, span);
  else skipped = seekSpan(db.entries, ref, from, span);
  let at = skipped === 0 ? span.start : span.placeOf(skipped);
  let here = span.count - skipped;
  for (let rest = count; ; ) {
    const now = Math.min(rest, here);
    replyRun(reply, span.buffer, at, now);
    rest -= now;
    if (rest === 0 || !nextSpan(db.entries, span)) return;
    at = span.start;
    here = span.count;
  }
}

/**
 * Answers `count` elements that lie one after another. Most are short strings: these are encoded here,
 * in one loop without calls, which is what long replies spend their time on.
 */
export function replyRun(reply: Reply, buffer: Buffer, from: number, count: number): void {
  let at = from;
  for (let left = count; left > 0; ) {
    const run = Math.min(left, ROOM_ELEMENTS);
    left -= run;
    let position = reply.reserve(run * SHORT_BULK_BYTES);
    let target = reply.buffer;
    for (let i = run; i > 0; i--) {
      const head = buffer[at];
      if ((head & 0xc0) === 0x80) {
        position = writeShortBulk(target, position, buffer, at + 1, head & 0x3f);
        at += (head & 0x3f) + 2;
      } else {
        reply.position = position;
        at = replyElement(reply, buffer, at);
        position = reply.reserve(i * SHORT_BULK_BYTES);
        target = reply.buffer;
      }
    }
    reply.position = position;
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
  lastSpan(db.entries, ref, span);
  for (let rest = count; ; ) {
    const { buffer } = span;
    let at = span.end;
    const now = Math.min(rest, span.count);
    for (let i = 0; i < now; i++) {
      at = elementBefore(buffer, at);
      replyElement(reply, buffer, at);
    }
    rest -= now;
    if (rest === 0 || !previousSpan(db.entries, span)) return;
  }
}
