// The types of values that Synap has: adding one is a folder and a line here.
import type { ValueType } from '../keyspace/value-type.ts';
import { listType } from './list/descriptor.ts';
import { stringType } from './string/descriptor.ts';

/** All types, for `new Keyspace`. */
export const valueTypes: readonly ValueType[] = [stringType, listType];
