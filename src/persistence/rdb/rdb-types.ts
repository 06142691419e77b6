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

const RDB_TYPES: readonly RdbType[] = [{ byte: 7, type: 'module', layout: ['length', 'module'] }];

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
