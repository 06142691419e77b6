// Strings in RDB files: one string, in whatever encoding.
import { stringEncoding, TYPE_STRING } from '../../keyspace/plain-strings.ts';
import type {
  EntryTarget,
  ValueCodec,
  ValueReader,
  ValueRest,
  ValueWriter,
} from '../../keyspace/value-type.ts';
import type { OverflowBlocks } from '../../memory/overflow-blocks.ts';
import { PinnedBytes } from '../../memory/pinned-bytes.ts';
import { MAX_BLOCK_BYTES } from '../../memory/size-classes.ts';
import { LongString } from '../../persistence/rdb/format/long-string.ts';
import type { RdbReader } from '../../persistence/rdb/format/rdb-reader.ts';
import type { RdbWriter } from '../../persistence/rdb/format/rdb-writer.ts';
import type { Request } from '../../protocol/request.ts';
import { ByteView } from '../../structures/entry.ts';

/** The byte before a string. */
const STRING = 0;

/** Reads strings. */
class StringReader implements ValueReader {
  readonly isEmpty = false;
  text = new ByteView();

  begin(): void {}

  step(input: RdbReader): boolean {
    this.text = input.string();
    return true;
  }

  store(db: EntryTarget, request: Request, i: number, expiry: number): number {
    const { buffer, offset, length } = this.text;
    const encoding = stringEncoding(buffer, offset, length);
    const ref = db.build(0, request, i, TYPE_STRING, encoding, length, expiry);
    db.entries.fillValue(ref, buffer, offset, length);
    db.put(0, ref);
    return ref;
  }

  discard(): void {}
}

/** Writes strings. */
const stringWriter: ValueWriter = {
  typeByte: () => STRING,
  write(writer, entries, ref) {
    const { buffer, offset, length } = entries.value(ref);
    // Strings longer than a block are in an overflow block, which has a buffer of its own.
    if (length > writer.stepBytes && length > MAX_BLOCK_BYTES) {
      return new StringRest(entries.arena.overflow, buffer.subarray(offset, offset + length));
    }
    writer.string(buffer, offset, length);
    return undefined;
  },
};

/** Writes a long string from its block, whose bytes it pins when they are about to change. */
class StringRest implements ValueRest {
  readonly #overflow: OverflowBlocks;
  readonly #bytes: PinnedBytes;
  readonly #string: LongString;

  constructor(overflow: OverflowBlocks, bytes: Buffer) {
    this.#overflow = overflow;
    this.#bytes = new PinnedBytes(bytes);
    this.#string = new LongString(this.#bytes);
  }

  step(writer: RdbWriter): boolean {
    if (this.#string.step(writer)) return true;
    this.#bytes.release();
    return false;
  }

  detach(): boolean {
    this.#overflow.pin(this.#bytes);
    return true;
  }

  abandon(): void {
    this.#bytes.release();
  }
}

/** How strings are read and written. */
export const stringCodec: ValueCodec = {
  readers: { [STRING]: () => new StringReader() },
  writer: stringWriter,
};
