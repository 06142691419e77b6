// Values that RDB files have and Synap has no type for yet, by the byte that stands before the key: what they are,
// and how they are laid out, so that they can be passed over. How the others are read is their types' part
// (ValueType.codec), which comes first: a type that is added takes its bytes over, and their rows can go.
import type { Layout } from './format/skipped-value.ts';

/** How values behind a byte are laid out. */
export interface RdbType {
  /** The byte that stands before the key. */
  readonly byte: number;
  /** Name of the type, as TYPE answers it. */
  readonly type: string;
  readonly layout: Layout;
}

/** A stream's groups: name, last id, (entries read,) pending entries, consumers with theirs. */
function streamGroups(idAndCounters: Layout, consumer: Layout): Layout {
  return [{ each: ['string', ...idAndCounters, { each: [24, 'length'] }, { each: consumer }] }];
}

const PAIRS: Layout = [{ each: ['string', 'string'] }];
const STRINGS: Layout = [{ each: ['string'] }];
const ONE_STRING: Layout = ['string'];
/** Number of entries and last id, after the blocks of entries. */
const STREAM: Layout = [...PAIRS, 'length', 'length', 'length'];
/** First id, largest deleted id, and entries ever added, from Redis 7.0 on. */
const STREAM_2: Layout = [...STREAM, 'length', 'length', 'length', 'length', 'length'];
const CONSUMER: Layout = ['string', 8, { each: [16] }];
/** With the time of its last success, from Redis 7.2 on. */
const CONSUMER_3: Layout = ['string', 8, 8, { each: [16] }];
const GROUPS_2: Layout = ['length', 'length', 'length'];

const RDB_TYPES: readonly RdbType[] = [
  { byte: 2, type: 'set', layout: STRINGS },
  { byte: 3, type: 'zset', layout: [{ each: ['string', 'text double'] }] },
  { byte: 4, type: 'hash', layout: PAIRS },
  { byte: 5, type: 'zset', layout: [{ each: ['string', 8] }] },
  { byte: 7, type: 'module', layout: ['length', 'module'] },
  { byte: 9, type: 'hash', layout: ONE_STRING },
  { byte: 11, type: 'set', layout: ONE_STRING },
  { byte: 12, type: 'zset', layout: ONE_STRING },
  { byte: 13, type: 'hash', layout: ONE_STRING },
  {
    byte: 15,
    type: 'stream',
    layout: [...STREAM, ...streamGroups(['length', 'length'], CONSUMER)],
  },
  { byte: 16, type: 'hash', layout: ONE_STRING },
  { byte: 17, type: 'zset', layout: ONE_STRING },
  { byte: 19, type: 'stream', layout: [...STREAM_2, ...streamGroups(GROUPS_2, CONSUMER)] },
  { byte: 20, type: 'set', layout: ONE_STRING },
  { byte: 21, type: 'stream', layout: [...STREAM_2, ...streamGroups(GROUPS_2, CONSUMER_3)] },
];

const byByte: (RdbType | undefined)[] = [];
for (const type of RDB_TYPES) byByte[type.byte] = type;

/** All of them. */
export function rdbTypes(): readonly RdbType[] {
  return RDB_TYPES;
}

/** What a byte stands for in Redis; undefined when that is nothing, or a type that Synap has. */
export function rdbTypeOf(byte: number): RdbType | undefined {
  return byByte[byte];
}
