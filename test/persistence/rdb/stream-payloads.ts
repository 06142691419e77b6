// Streams in the RDB format, made by hand; see payloads.ts.
import { listpackOf, rdbLength, rdbString } from './payloads.ts';

export type Id = readonly [ms: number, sequence: number];
/** Integers are packed as such. */
export type StreamNode = readonly [id: Id, elements: readonly (string | number)[]];
export interface Pending {
  readonly id: Id;
  readonly timeMs: number;
  readonly deliveries: number;
}
export interface Group {
  readonly name?: string;
  readonly last?: Id;
  readonly entriesRead?: number;
  readonly pending?: readonly Pending[];
  readonly consumers?: readonly (readonly [name: string, pending: readonly Id[]])[];
}
export interface Stream {
  /** 15 without the counters of 7.0, 19 with them. */
  readonly type?: number;
  readonly nodes?: readonly StreamNode[];
  readonly length?: number;
  readonly last?: Id;
  readonly first?: Id;
  readonly maxDeleted?: Id;
  readonly added?: number;
  readonly groups?: readonly Group[];
}

/** A node of 1-1 {a 1, b 2}, 1-2 {a 3, b 4}, deleted, and 2-0 {c 5}. */
export const NODE: StreamNode = [
  [1, 1],
  [
    ...[2, 1, 2, 'a', 'b', 0],
    ...[2, 0, 0, 1, 2, 5],
    ...[3, 0, 1, 3, 4, 5],
    ...[0, 1, -1, 1, 'c', 5, 6],
  ],
];
const SEEN_MS = 1_700_000_000_000;
/** A group that has read two entries, which are pending. */
export const GROUP: Group = {
  name: 'g',
  last: [1, 2],
  entriesRead: 2,
  pending: [
    { id: [1, 1], timeMs: SEEN_MS, deliveries: 3 },
    { id: [1, 2], timeMs: SEEN_MS + 5, deliveries: 1 },
  ],
  consumers: [
    ['a', [[1, 2]]],
    ['b', [[1, 1]]],
    ['c', []],
  ],
};

/** An id as keys of nodes and pending entries have it. */
export function rawId([ms, sequence]: Id): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(BigInt(ms), 0);
  bytes.writeBigUInt64BE(BigInt(sequence), 8);
  return bytes;
}

function time(timeMs: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(timeMs));
  return bytes;
}

const idOf = ([ms, sequence]: Id) => Buffer.concat([rdbLength(ms), rdbLength(sequence)]);

function packed(elements: StreamNode[1]): Buffer {
  const small = (value: number) => value >= 0 && value < 128;
  return listpackOf(
    elements.map((element) =>
      typeof element === 'string' ? element : [BigInt(element), small(element) ? 7 : 13],
    ),
  );
}

function list<T>(items: readonly T[], bytesOf: (item: T) => Buffer): Buffer {
  return Buffer.concat([rdbLength(items.length), ...items.map(bytesOf)]);
}

function groupOf(type: number, group: Group): Buffer {
  const { name = 'g', last = [0, 0], entriesRead = 0, pending = [], consumers = [] } = group;
  return Buffer.concat([
    rdbString(name),
    idOf(last),
    type === 15 ? Buffer.alloc(0) : rdbLength(entriesRead),
    list(pending, ({ id, timeMs, deliveries }) =>
      Buffer.concat([rawId(id), time(timeMs), rdbLength(deliveries)]),
    ),
    list(consumers, ([consumer, ids]) =>
      Buffer.concat([rdbString(consumer), time(SEEN_MS), list(ids, rawId)]),
    ),
  ]);
}

/** The bytes of a value. */
export function streamOf(stream: Stream): Buffer {
  const { type = 19, nodes = [NODE], length = 2, last = [2, 0], groups = [] } = stream;
  const { first = [1, 1], maxDeleted = [1, 2], added = 3 } = stream;
  return Buffer.concat([
    Buffer.from([type]),
    list(nodes, ([id, elements]) =>
      Buffer.concat([rdbString(rawId(id)), rdbString(packed(elements))]),
    ),
    rdbLength(length),
    idOf(last),
    ...(type === 15 ? [] : [idOf(first), idOf(maxDeleted), rdbLength(added)]),
    list(groups, (group) => groupOf(type, group)),
  ]);
}
