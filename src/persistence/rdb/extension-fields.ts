// Extensions of values (ValueExtension) as auxiliary fields: before the key in a file, behind the value in a payload.
import type { ValueExtension } from '../../keyspace/value-type.ts';
import { OP_AUX } from './format/rdb-format.ts';
import type { RdbReader } from './format/rdb-reader.ts';
import type { RdbWriter } from './format/rdb-writer.ts';
import type { ValueCursor } from './value-cursor.ts';

/** Writes the fields. */
export function writeExtensions(writer: RdbWriter, extensions: readonly ValueExtension[]): void {
  for (const { name, bytes } of extensions) {
    writer.byte(OP_AUX);
    writer.text(name);
    writer.string(bytes, 0, bytes.length);
  }
}

/**
 * Reads the fields behind a value that was read completely, and hands them to it. Anything else that stands there is
 * passed over, as Redis does.
 * @throws RdbError when a field is damaged
 */
export function readExtensions(input: RdbReader, cursor: ValueCursor): void {
  for (;;) {
    const name = extensionName(input, cursor);
    if (name === undefined) return;
    const { buffer, offset, length } = input.string();
    cursor.extend({ name, bytes: Buffer.from(buffer.subarray(offset, offset + length)) }, input);
  }
}

/** The name of the extension that comes next; undefined when there is none. */
function extensionName(input: RdbReader, cursor: ValueCursor): string | undefined {
  const { rest } = input;
  // A name is a short string: its length, and its bytes.
  if (rest.length < 2 || rest[0] !== OP_AUX || rest.length < 2 + rest[1]) return undefined;
  const name = rest.toString('latin1', 2, 2 + rest[1]);
  if (!cursor.isExtension(name)) return undefined;
  input.skip(2 + rest[1]);
  return name;
}
