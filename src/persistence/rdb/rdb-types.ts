// Values in RDB files of types that Synap does not have yet, by their type byte: name and layout, so that they can
// be skipped. All other values are read by their types (ValueType.codec), which take precedence: when a type is
// added, its rows here can be removed.
import type { Layout } from './format/skipped-value.ts';

/** The layout of values with a type byte. */
export interface RdbType {
  /** The type byte before the key. */
  readonly byte: number;
  /** Name of the type, as TYPE returns it. */
  readonly type: string;
  readonly layout: Layout;
}

/** A stream's groups: name, last id, (entries read,) pending entries, consumers with theirs. */
function streamGroups(idAndCounters: Layout, consumer: Layout): Layout {
  return [{ each: ['string', ...idAndCounters, { each: [24, 'length'] }, { each: consumer }] }];
}

const PAIRS: Layout = [{ each: ['string', 'string'] }];
/** Number of entries and last id, after the blocks of entries. */
const STREAM: Layout = [...PAIRS, 'length', 'length', 'length'];
/** First id, largest deleted id, and entries ever added, from Redis 7.0 on. */
const STREAM_2: Layout = [...STREAM, 'length', 'length', 'length', 'length', 'length'];
const CONSUMER: Layout = ['string', 8, { each: [16] }];
/** With the time of its last success, from Redis 7.2 on. */
const CONSUMER_3: Layout = ['string', 8, 8, { each: [16] }];
const GROUPS_2: Layout = ['length', 'length', 'length'];

const RDB_TYPES: readonly RdbType[] = [
  { byte: 7, type: 'module', layout: ['length', 'module'] },
  {
    byte: 15,
    type: 'stream',
    layout: [...STREAM, ...streamGroups(['length', 'length'], CONSUMER)],
  },
  { byte: 19, type: 'stream', layout: [...STREAM_2, ...streamGroups(GROUPS_2, CONSUMER)] },
  { byte: 21, type: 'stream', layout: [...STREAM_2, ...streamGroups(GROUPS_2, CONSUMER_3)] },
];

const byByte: (RdbType | undefined)[] = [];
for (const type of RDB_TYPES) byByte[type.byte] = type;

/** All of them. */
export function rdbTypes(): readonly RdbType[] {
  return RDB_TYPES;
}

/** The meaning of a type byte in Redis; undefined when it has none, or is of a type that Synap has. */
export function rdbTypeOf(byte: number): RdbType | undefined {
  return byByte[byte];
}
