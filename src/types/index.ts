// The table of value types: a new type is a folder and one line here.
import type { ValueType } from '../keyspace/value-type.ts';
import { hashType } from './hash/descriptor.ts';
import { listType } from './list/descriptor.ts';
import { setType } from './set/descriptor.ts';
import { streamType } from './stream/descriptor.ts';
import { stringType } from './string/descriptor.ts';
import { sortedSetType } from './zset/descriptor.ts';

/** All types, for `new Keyspace`. */
export const valueTypes: readonly ValueType[] = [
  stringType,
  listType,
  setType,
  sortedSetType,
  hashType,
  streamType,
];
