// Builds a hash from what a file or payload has of it; the hash is stored only when it is complete. A small hash is
// packed in a buffer and becomes an entry at once; a larger one is a table, which is freed if the hash is never stored.
import type { Entries } from '../../keyspace/entries.ts';
import { PackedBuilder } from '../../keyspace/packed-value.ts';
import type { EntryTarget } from '../../keyspace/value-type.ts';
import type { Request } from '../../protocol/request.ts';
import { hasRepeated } from '../../structures/packed-search.ts';
import { ENCODING_EXPIRING, ENCODING_PACKED, ENCODING_TABLE, TYPE_HASH } from './encodings.ts';
import { FieldView } from './field-view.ts';
import { addField, hashesOf, ROOT_BYTES } from './values.ts';

/** A field and its value. */
const PAIR = 2;

/** The builder; it can be used again and again. See the head of this file. */
export class HashBuilder {
  /** Fields and values in turn, while they are packed. */
  readonly packed = new PackedBuilder();
  readonly #entries: Entries;
  /** Root of the table; 0 while there is none. */
  #root = 0;
  readonly #field = new FieldView();
  readonly #value = new FieldView();

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  /** Number of fields. */
  get count(): number {
    if (this.#root !== 0) return hashesOf(this.#entries).length(this.#root);
    return this.packed.count / PAIR;
  }

  /** Whether the fields are in a table. */
  get isTable(): boolean {
    return this.#root !== 0;
  }

  /** Adds a field and its value, packed. */
  pack(field: FieldView, value: FieldView): void {
    this.packed.push(field.buffer, field.offset, field.length);
    this.packed.push(value.buffer, value.offset, value.length);
  }

  /** Adds a field and its value to the table; false if it has the field. */
  add(field: FieldView, value: FieldView): boolean {
    return addField(hashesOf(this.#entries), this.#root, field, value);
  }

  /** As `add`, for a field that expires, in ms since the epoch. */
  addExpiring(field: FieldView, value: FieldView, timeMs: number): boolean {
    const hashes = hashesOf(this.#entries);
    if (hashes.findField(this.#root, field.buffer, field.offset, field.length)) return false;
    if (hashes.isFoundDue) return false;
    hashes.addExpiring(
      this.#root,
      field.buffer,
      field.offset,
      field.length,
      value.buffer,
      value.offset,
      value.length,
      timeMs,
    );
    return true;
  }

  /** Goes over to a table; false if a field is there twice. */
  toTable(): boolean {
    const { packed } = this;
    const { buffer } = packed;
    const field = this.#field;
    const value = this.#value;
    this.#root = hashesOf(this.#entries).create();
    for (let at = 0; at < packed.used; ) {
      at = field.readPacked(buffer, at);
      at = value.readPacked(buffer, at);
      field.asBytes();
      value.asBytes();
      if (!this.add(field, value)) return false;
    }
    packed.clear();
    return true;
  }

  /** Whether a field is there twice among those that are packed. */
  get hasDuplicates(): boolean {
    const { buffer, used, count } = this.packed;
    return hasRepeated(buffer, used, count, PAIR);
  }

  /** Length of the longest field or value among those that are packed. */
  get longest(): number {
    const { buffer, used } = this.packed;
    const view = this.#field;
    let longest = 0;
    for (let at = 0; at < used; ) {
      at = view.readPacked(buffer, at);
      view.asBytes();
      longest = Math.max(longest, view.length);
    }
    return longest;
  }

  /**
   * Stores the hash under argument i, which `lookupForChange` just found missing; there are fields. The builder is
   * empty then.
   * @param expiry in ms since the epoch, or NO_EXPIRY
   * @returns the entry's reference
   */
  store(db: EntryTarget, request: Request, i: number, expiry: number): number {
    if (this.#root === 0) {
      return this.packed.store(db, 0, request, i, TYPE_HASH, ENCODING_PACKED, expiry);
    }
    const hashes = hashesOf(this.#entries);
    const root = this.#root;
    const encoding = hashes.hasExpiries(root) ? ENCODING_EXPIRING : ENCODING_TABLE;
    if (encoding === ENCODING_EXPIRING) hashes.timers.reserve();
    const ref = db.build(0, request, i, TYPE_HASH, encoding, ROOT_BYTES, expiry);
    db.entries.setRoot(ref, root);
    this.#root = 0;
    db.put(0, ref);
    if (encoding === ENCODING_EXPIRING) {
      const { buffer, offsets, lengths } = request;
      hashes.announce(root, hashes.keyHash(buffer, offsets[i], lengths[i]));
    }
    return ref;
  }

  /** Forgets all fields. */
  discard(): void {
    this.packed.clear();
    const root = this.#root;
    if (root === 0) return;
    this.#root = 0;
    const hashes = hashesOf(this.#entries);
    if (!hashes.freeStep(root)) this.#entries.onLargeValue(() => hashes.freeStep(root));
  }
}
