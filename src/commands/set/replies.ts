// Members of sets in replies.
import type { Reply } from '../../protocol/reply.ts';
import { MAX_SHORT_BYTES, SHORT_BULK_BYTES, writeShortBulk } from '../../protocol/short-bulk.ts';
import { ByteView } from '../../structures/entry.ts';
import { ENCODING_TABLE } from '../../types/set/encodings.ts';
import { Member } from '../../types/set/member.ts';
import type { SetView } from '../../types/set/set-view.ts';

/** Members for which room is made at a time. */
const ROOM_MEMBERS = 128;

const member = new Member();
const record = new ByteView();

/** Answers a member as a bulk string. */
export function replyMember(reply: Reply, answered: Member): void {
  const { integer } = answered;
  if (!answered.hasBytes && integer.high === integer.low >> 31) {
    reply.bulkInteger(integer.low);
    return;
  }
  answered.asBytes();
  reply.bulk(answered.buffer, answered.offset, answered.length);
}

/** Answers all members of a set, one after another. */
export function replyMembers(reply: Reply, view: SetView): void {
  view.rewind();
  if (view.encoding === ENCODING_TABLE) {
    for (let batch = view.nextBatch(); batch !== undefined; batch = view.nextBatch()) {
      replyRecords(reply, view, batch.refs, 0, batch.count);
    }
    return;
  }
  while (view.next()) replyPlace(reply, view, view.place);
}

/** Answers the members of places `from` … `to - 1` of an array. */
export function replyPlaces(
  reply: Reply,
  view: SetView,
  places: Int32Array,
  from: number,
  to: number,
): void {
  if (view.encoding === ENCODING_TABLE) replyRecords(reply, view, places, from, to);
  else for (let i = from; i < to; i++) replyPlace(reply, view, places[i]);
}

/** Answers the member of a place. */
export function replyPlace(reply: Reply, view: SetView, place: number): void {
  view.read(place, member);
  replyMember(reply, member);
}

/** As `replyPlaces`, for a table. Most members are short, and written here without making room for each. */
function replyRecords(
  reply: Reply,
  view: SetView,
  refs: Int32Array,
  from: number,
  to: number,
): void {
  for (let at = from; at < to; ) {
    const end = Math.min(to, at + ROOM_MEMBERS);
    let position = reply.reserve((end - at) * SHORT_BULK_BYTES);
    for (; at < end; at++) {
      view.readRecord(refs[at], record);
      const { buffer, offset, length } = record;
      if (length <= MAX_SHORT_BYTES) {
        position = writeShortBulk(reply.buffer, position, buffer, offset, length);
        continue;
      }
      reply.position = position;
      reply.bulk(buffer, offset, length);
      position = reply.reserve((end - at) * SHORT_BULK_BYTES);
    }
    reply.position = position;
  }
}
