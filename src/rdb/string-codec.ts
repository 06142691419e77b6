// Strings in RDB files: one string, in whatever encoding.
import type { Database } from '../keyspace/database.ts';
import { stringEncoding, TYPE_STRING } from '../keyspace/types.ts';
import type { Request } from '../protocol/request.ts';
import { ByteView } from '../structures/entry.ts';
import type { RdbReader } from './rdb-reader.ts';
import type { ValueReader, ValueWriter } from './value-reader.ts';

/** Reads strings: type 0. */
export class StringReader implements ValueReader {
  readonly isEmpty = false;
  text = new ByteView();

  begin(): void {}

  step(input: RdbReader): boolean {
    this.text = input.string();
    return true;
  }

  store(db: Database, request: Request, i: number, expiry: number): number {
    const { buffer, offset, length } = this.text;
    const encoding = stringEncoding(buffer, offset, length);
    const ref = db.build(0, request, i, TYPE_STRING, encoding, length, expiry);
    db.entries.fillValue(ref, buffer, offset, length);
    db.put(0, ref, request, i);
    return ref;
  }

  discard(): void {}
}

/** Writes strings. */
export const stringWriter: ValueWriter = {
  typeByte: 0,
  write(writer, db, ref) {
    const { buffer, offset, length } = db.value(ref);
    writer.string(buffer, offset, length);
  },
};
