// Arguments that several commands of consumer groups take: groups, consumers, numbers.
import { cString } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import { ABSENT } from '../../core/lookup.ts';
import { EVENT_STREAM } from '../../keyspace/key-events.ts';
import type { Request } from '../../protocol/request.ts';
import { PARSED, parseId, type StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';
import { INVALID_STREAM_ID } from './arguments.ts';

const WITH_EDGES = { edges: true, anySeq: false };

/**
 * The group that argument i names.
 * @param ref the entry of its stream; ABSENT if there is none
 * @returns 0 if there is none
 */
export function groupAt({ db, request }: Call, ref: number, i: number): number {
  if (ref === ABSENT) return 0;
  const { buffer, offsets, lengths } = request;
  const { groups } = streamsOf(db.entries);
  return groups.find(db.entries.root(ref), buffer, offsets[i], lengths[i]);
}

/** The consumer of a group that argument i names; 0: none. */
export function consumerAt({ db, request }: Call, group: number, i: number): number {
  const { buffer, offsets, lengths } = request;
  return streamsOf(db.entries).groups.findConsumer(group, buffer, offsets[i], lengths[i]);
}

/**
 * Makes the consumer that argument i names, which is not there; `notifyConsumer` is to follow.
 * @throws ArenaFullError, before anything has changed
 */
export function createConsumer(
  { db, request, server }: Call,
  root: number,
  group: number,
  i: number,
): number {
  const { keyspace } = server;
  const { groups } = streamsOf(db.entries);
  const { buffer, offsets, lengths } = request;
  const { nowMs } = keyspace;
  const consumer = groups.createConsumer(root, group, buffer, offsets[i], lengths[i], nowMs);
  keyspace.dirty++;
  return consumer;
}

/** A consumer was made of a group of the stream whose key is argument i. */
export function notifyConsumer({ db, request }: Call, i: number): void {
  db.notify(EVENT_STREAM, 'xgroup-createconsumer', request, i);
}

/** The error of commands whose key or group is not there: arguments 1 and 2. */
export function noKeyOrGroup(request: Request): string {
  return `NOGROUP No such key '${cString(request, 1)}' or consumer group '${cString(request, 2)}'`;
}

/** The error of subcommands whose group is not there: arguments 2 and 3. */
export function noGroup(request: Request): string {
  return `NOGROUP No such consumer group '${cString(request, 3)}' for key name '${cString(request, 2)}'`;
}

/**
 * Reads argument i as an id, or `-` or `+`.
 * @returns false after answering an error
 */
export function readIdOrEdge({ request, reply }: Call, i: number, id: StreamId): boolean {
  const { buffer, offsets, lengths } = request;
  if (parseId(buffer, offsets[i], lengths[i], id, false, WITH_EDGES) === PARSED) return true;
  reply.error(INVALID_STREAM_ID);
  return false;
}

/**
 * Reads argument i as a 64-bit integer, with an error of its own.
 * @returns NaN after answering the error
 */
export function readNumber({ request, reply }: Call, i: number, error: string): number {
  const value = request.integer(i);
  if (Number.isNaN(value)) reply.error(error);
  return value;
}
