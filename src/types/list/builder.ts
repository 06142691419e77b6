// Builds a list from elements of a file or payload; the list is stored only when it is complete. A short list is
// packed in a buffer and becomes an entry at once; a longer one goes into chunks, which are freed if the list is
// never stored.

import type { Entries } from '../../keyspace/entries.ts';
import type { EntryTarget } from '../../keyspace/value-type.ts';
import type { Request } from '../../protocol/request.ts';
import { PackedEncoder } from '../../structures/packed-list.ts';
import { ENCODING_CHUNKED, ENCODING_PACKED, TYPE_LIST } from './encodings.ts';
import { ListSpan } from './list-span.ts';
import { COUNT_BYTES, listsOf, MAX_PACKED_BYTES, mayStayPacked, ROOT_BYTES } from './values.ts';

/** The builder; it can be used again and again. See the head of this file. */
export class ListBuilder {
  readonly #entries: Entries;
  readonly #encoder = new PackedEncoder();
  /** The elements while they are few. */
  readonly #packed = new ListSpan();
  /** Root of the chunks; 0 while there are none. */
  #root = 0;

  constructor(entries: Entries) {
    this.#entries = entries;
    this.#packed.buffer = Buffer.allocUnsafe(MAX_PACKED_BYTES);
  }

  /** Number of elements. */
  get count(): number {
    return this.#root === 0 ? this.#packed.count : listsOf(this.#entries).length(this.#root);
  }

  /** Adds an element at the end. */
  push(bytes: Uint8Array, offset: number, length: number): void {
    this.#encoder.set(bytes, offset, length);
    this.#add();
  }

  /** Adds an integer of magnitude < 2^53 at the end. */
  pushInteger(value: number): void {
    this.#encoder.setInteger(value);
    this.#add();
  }

  /**
   * Stores the list under argument i, which was just looked up; there are elements. The builder is empty then.
   * @param expiry in ms since the epoch, or NO_EXPIRY
   * @param replaced the entry that `lookupForChange` found there; 0 when it found none
   * @returns the entry's reference
   */
  store(db: EntryTarget, request: Request, i: number, expiry: number, replaced = 0): number {
    const packed = this.#packed;
    let ref: number;
    if (this.#root === 0) {
      const length = COUNT_BYTES + packed.end;
      ref = db.build(replaced, request, i, TYPE_LIST, ENCODING_PACKED, length, expiry);
      const { buffer, offset } = db.entries.value(ref);
      buffer.writeUInt16LE(packed.count, offset);
      packed.buffer.copy(buffer, offset + COUNT_BYTES, 0, packed.end);
    } else {
      ref = db.build(replaced, request, i, TYPE_LIST, ENCODING_CHUNKED, ROOT_BYTES, expiry);
      db.entries.setRoot(ref, this.#root);
      this.#root = 0;
    }
    db.put(replaced, ref);
    this.discard();
    return ref;
  }

  /** Forgets all elements. */
  discard(): void {
    const lists = listsOf(this.#entries);
    if (this.#root !== 0) while (!lists.freeStep(this.#root));
    this.#root = 0;
    this.#packed.count = 0;
    this.#packed.end = 0;
  }

  /** Adds the encoder's element. */
  #add(): void {
    const lists = listsOf(this.#entries);
    const packed = this.#packed;
    const encoder = this.#encoder;
    if (this.#root === 0) {
      if (mayStayPacked(lists.limits, packed.count, packed.end + encoder.size)) {
        encoder.write(packed.buffer, packed.end);
        packed.end += encoder.size;
        packed.count++;
        return;
      }
      this.#root = lists.create();
      if (packed.count > 0) lists.pushPacked(this.#root, packed);
    }
    lists.pushTail(this.#root, encoder);
  }
}
