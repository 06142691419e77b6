// Every type of value in RDB files, by the byte that names its encoding, and how it is read or passed
// over; and how the types that there are get written. A new type is added here, and only here.
import type { Entries } from '../../keyspace/entries.ts';
import { TYPE_LIST, TYPE_STRING } from '../../keyspace/types.ts';
import {
  ListReader,
  listWriter,
  readElement,
  readNode,
  readZiplistPart,
} from '../../types/list/codec.ts';
import { StringReader, stringWriter } from '../../types/string/codec.ts';
import type { RdbReader } from './rdb-reader.ts';
import { type Layout, ValueSkipper } from './skipped-value.ts';
import type { ValueReader, ValueWriter } from './value-reader.ts';

/** How values of an encoding are read, or at least passed over. */
export interface ValueEncoding {
  /** The byte that stands before the key. */
  readonly byte: number;
  /** Name of the type, as TYPE answers it. */
  readonly type: string;
  /** Makes what reads them; absent for types that there are not yet. */
  readonly reader?: (entries: Entries) => ValueReader;
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

/** Strings: the encoding that nearly all keys have in many files. */
export const STRING: ValueEncoding = {
  byte: 0,
  type: 'string',
  layout: ONE_STRING,
  reader: () => new StringReader(),
};

const ENCODINGS: readonly ValueEncoding[] = [
  STRING,
  {
    byte: 1,
    type: 'list',
    layout: STRINGS,
    reader: (entries) => new ListReader(entries, readElement, true),
  },
  { byte: 2, type: 'set', layout: STRINGS },
  { byte: 3, type: 'zset', layout: [{ each: ['string', 'text double'] }] },
  { byte: 4, type: 'hash', layout: PAIRS },
  { byte: 5, type: 'zset', layout: [{ each: ['string', 8] }] },
  { byte: 7, type: 'module', layout: ['length', 'module'] },
  { byte: 9, type: 'hash', layout: ONE_STRING },
  {
    byte: 10,
    type: 'list',
    layout: ONE_STRING,
    reader: (entries) => new ListReader(entries, readZiplistPart, false),
  },
  { byte: 11, type: 'set', layout: ONE_STRING },
  { byte: 12, type: 'zset', layout: ONE_STRING },
  { byte: 13, type: 'hash', layout: ONE_STRING },
  {
    byte: 14,
    type: 'list',
    layout: STRINGS,
    reader: (entries) => new ListReader(entries, readZiplistPart, true),
  },
  {
    byte: 15,
    type: 'stream',
    layout: [...STREAM, ...streamGroups(['length', 'length'], CONSUMER)],
  },
  { byte: 16, type: 'hash', layout: ONE_STRING },
  { byte: 17, type: 'zset', layout: ONE_STRING },
  {
    byte: 18,
    type: 'list',
    layout: [{ each: ['length', 'string'] }],
    reader: (entries) => new ListReader(entries, readNode, true),
  },
  { byte: 19, type: 'stream', layout: [...STREAM_2, ...streamGroups(GROUPS_2, CONSUMER)] },
  { byte: 20, type: 'set', layout: ONE_STRING },
  { byte: 21, type: 'stream', layout: [...STREAM_2, ...streamGroups(GROUPS_2, CONSUMER_3)] },
];

const byByte: (ValueEncoding | undefined)[] = [];
for (const encoding of ENCODINGS) byByte[encoding.byte] = encoding;

/** How the types are written, by their numbers (keyspace/types.ts). */
const WRITERS: readonly ValueWriter[] = writersByType([
  [TYPE_STRING, stringWriter],
  [TYPE_LIST, listWriter],
]);

/** All encodings. */
export function valueEncodings(): readonly ValueEncoding[] {
  return ENCODINGS;
}

/** The encoding that a byte names; undefined when none is. */
export function encodingOf(byte: number): ValueEncoding | undefined {
  return byByte[byte];
}

/** Writes values of a type. */
export function writerOf(type: number): ValueWriter {
  return WRITERS[type];
}

/**
 * Reads the values of one file or payload, one after another, or passes over those whose types there
 * are not yet: in steps, as a ValueReader.
 */
export class ValueCursor {
  readonly #entries: Entries;
  readonly #readers: (ValueReader | undefined)[] = [];
  readonly #skipper = new ValueSkipper();
  /** What reads the present value; undefined while one is passed over. */
  reader: ValueReader | undefined;

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  /** Begins a value. */
  begin(encoding: ValueEncoding): void {
    this.reader = this.#readers[encoding.byte];
    if (this.reader === undefined && encoding.reader !== undefined) {
      this.reader = encoding.reader(this.#entries);
      this.#readers[encoding.byte] = this.reader;
    }
    if (this.reader === undefined) this.#skipper.begin(encoding.layout);
    else this.reader.begin();
  }

  /** Reads the next part; returns whether that was the last. */
  step(input: RdbReader): boolean {
    const { reader } = this;
    return reader === undefined ? this.#skipper.step(input) : reader.step(input);
  }
}

function writersByType(pairs: readonly (readonly [number, ValueWriter])[]): ValueWriter[] {
  const writers: ValueWriter[] = [];
  for (const [type, writer] of pairs) writers[type] = writer;
  return writers;
}
