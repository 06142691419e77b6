// What XREADGROUP puts into the log: not what was asked for, but which entries were given to whom, as Redis does. Several
// effects of one command are repeated all or none. They are encoded as they come, as there may be millions, in parts that
// are the same for all entries of a stream.
import type { Call } from '../../core/call.ts';
import type { Effects } from '../../core/effects.ts';
import type { Database } from '../../keyspace/database.ts';
import { ARRAY, writeBulk, writeHeader } from '../../protocol/resp-writer.ts';
import { ID_TEXT_BYTES, StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';

/** What is encoded goes to the log when it is as much, in bytes. */
const FLUSHED_BYTES = 64 * 1024;
/** Room for the head of an argument or a command, and the end of its line. */
const HEAD_BYTES = 32;

const lastId = new StreamId();
const idText = Buffer.allocUnsafeSlow(ID_TEXT_BYTES);

/** What is encoded and not handed on yet. */
let text: Buffer = Buffer.allocUnsafeSlow(2 * FLUSHED_BYTES);
let length = 0;
/** Effects so far of the command that runs. */
let commands = 0;
/** Whether they are a transaction of their own, which was begun. */
let isOpen = false;

/** The parts of the effects of a delivery that do not depend on the entry, of the stream and the time that they are for. */
let head: Buffer = Buffer.alloc(0);
let middle: Buffer = Buffer.alloc(0);

/** A consumer was made: that of the argument behind the group's. @param i the key's argument */
export function keepConsumer(call: Call, i: number, groupAt: number): void {
  const { request, server } = call;
  if (!server.effects.active) return;
  const names = [request.bytes(i), request.bytes(groupAt), request.bytes(groupAt + 1)];
  encode(['XGROUP', 'CREATECONSUMER', ...names]);
  encoded(call);
}

/** A group has another last id, and has read more entries. */
export function keepLastId(call: Call, i: number, groupAt: number, group: number): void {
  const { db, request, server } = call;
  if (!server.effects.active) return;
  const { groups } = streamsOf(db.entries);
  groups.loadLastId(group, lastId);
  const names = [request.bytes(i), request.bytes(groupAt)];
  const read = String(groups.entriesRead(group));
  encode(['XGROUP', 'SETID', ...names, lastId.toString(), 'ENTRIESREAD', read]);
  encoded(call);
}

/** To be called before `keepDelivered` of entries of a stream: the key's argument, and that of the group. */
export function beginDelivered({ request, server }: Call, i: number, groupAt: number): void {
  if (!server.effects.active) return;
  const names = [request.bytes(i), request.bytes(groupAt), request.bytes(groupAt + 1)];
  head = encodedPart(['XCLAIM', ...names, '0'], 14);
  const time = String(server.keyspace.nowMs);
  middle = encodedPart(['TIME', time, 'RETRYCOUNT', '1', 'FORCE', 'JUSTID', 'LASTID']);
}

/** The group's next entry was given to the consumer whose name is behind that of the group. */
export function keepDelivered(call: Call, entryId: StreamId): void {
  if (!call.server.effects.active) return;
  const idBytes = entryId.write(idText, 0);
  reserve(head.length + middle.length + 2 * (idBytes + HEAD_BYTES));
  length += head.copy(text, length);
  length = writeBulk(text, length, idText, 0, idBytes);
  length += middle.copy(text, length);
  length = writeBulk(text, length, idText, 0, idBytes);
  encoded(call);
}

/** Records what was kept; to be called once at the end, whether the command succeeded or not. */
export function recordKept({ db, server }: Call): void {
  const { effects } = server;
  handOn(effects, db);
  if (isOpen) effects.endTransaction();
  isOpen = false;
  commands = 0;
}

/** One more effect is encoded. */
function encoded({ db, server }: Call): void {
  const { effects } = server;
  commands++;
  if (commands === 2 && !effects.isInTransaction) {
    effects.beginTransaction();
    isOpen = true;
  }
  if (commands > 1 && length >= FLUSHED_BYTES) handOn(effects, db);
}

function handOn(effects: Effects, db: Database): void {
  if (length === 0) return;
  effects.propagateEncoded(db, text, length);
  length = 0;
  if (text.length > 4 * FLUSHED_BYTES) text = Buffer.allocUnsafeSlow(2 * FLUSHED_BYTES);
}

/** Encodes a command. */
function encode(args: readonly (string | Uint8Array)[]): void {
  const part = encodedPart(args, args.length);
  reserve(part.length);
  length += part.copy(text, length);
}

/** Arguments, and before them the head of a command of so many, if it is given. */
function encodedPart(args: readonly (string | Uint8Array)[], count = 0): Buffer {
  const buffers = args.map((arg) => (typeof arg === 'string' ? Buffer.from(arg, 'latin1') : arg));
  const room = buffers.reduce((sum, { length: bytes }) => sum + bytes + HEAD_BYTES, HEAD_BYTES);
  const part = Buffer.allocUnsafe(room);
  let at = count === 0 ? 0 : writeHeader(part, 0, ARRAY, count);
  for (const bytes of buffers) at = writeBulk(part, at, bytes, 0, bytes.length);
  return part.subarray(0, at);
}

function reserve(bytes: number): void {
  if (length + bytes <= text.length) return;
  const larger = Buffer.allocUnsafeSlow(2 * (length + bytes));
  text.copy(larger, 0, 0, length);
  text = larger;
}
