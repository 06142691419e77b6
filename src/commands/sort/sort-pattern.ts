// The patterns of SORT's options BY and GET: the name of a key, or of a key and a field of its hash, in which an element
// takes the place of the first `*`. A NUL ends what is looked at, as Redis reads them as C strings.
//
//   weight_*            the string under the key
//   object_*->weight    the field of the hash under the key
//   #                   the element itself
//   anything else       nothing
import type { Call } from '../../core/call.ts';
import { TYPE_STRING } from '../../keyspace/plain-strings.ts';
import { copyBytes } from '../../protocol/copy-bytes.ts';
import { Request } from '../../protocol/request.ts';
import type { ByteRuns } from '../../structures/byte-runs.ts';
import { TYPE_HASH } from '../../types/hash/encodings.ts';
import type { FieldView } from '../../types/hash/field-view.ts';
import { findField, viewFound } from '../../types/hash/values.ts';

const STAR = 42;
const HASH_SIGN = 35;
const MINUS = 45;
const GREATER = 62;
const KEY_BYTES = 256;
/** Room for a name of so many bytes is kept. */
const KEPT_BYTES = 64 * 1024;

/** The name of a key, as a request of its own: keys are looked up by arguments. */
const keyName = Request.of(['', '']);
keyName.buffer = Buffer.alloc(KEY_BYTES);

/** Forgets the name of a long key. */
export function forgetKey(): void {
  if (keyName.buffer.length > KEPT_BYTES) keyName.buffer = Buffer.alloc(KEY_BYTES);
}

/** A pattern; see the head of this file. */
export class SortPattern {
  /** Whether it stands for the element itself. */
  readonly isElement: boolean;
  /** Whether there is no `*` in it. */
  readonly isConstant: boolean;
  readonly #prefix: Buffer;
  readonly #suffix: Buffer;
  /** The field's name; undefined where the key has no hash, but a string. */
  readonly #field: Buffer | undefined;

  /** The pattern that is argument i; it refers to the request's bytes. */
  constructor(request: Request, i: number) {
    const pattern = request.bytes(i);
    const nul = pattern.indexOf(0);
    const text = nul < 0 ? pattern : pattern.subarray(0, nul);
    const star = text.indexOf(STAR);
    this.isElement = text.length === 1 && text[0] === HASH_SIGN;
    this.isConstant = star < 0;
    const arrow = star < 0 ? -1 : arrowAfter(text, star);
    this.#field = arrow < 0 ? undefined : pattern.subarray(arrow + 2);
    this.#prefix = pattern.subarray(0, Math.max(star, 0));
    this.#suffix = pattern.subarray(star + 1, arrow < 0 ? pattern.length : arrow);
  }

  /**
   * Looks up what the pattern stands for with an element in it.
   * @param value is set to it, and valid as long as nothing is changed
   * @returns whether there is anything
   */
  find(call: Call, elements: ByteRuns, i: number, value: FieldView): boolean {
    if (this.isElement) {
      value.isInteger = elements.isInteger(i);
      if (value.isInteger) value.integer = elements.integer(i);
      else value.setBytes(elements.buffer(i), elements.offset(i), elements.length(i));
      return true;
    }
    if (this.isConstant) return false;
    this.#setKey(elements, i);
    const { db } = call;
    const ref = db.lookupRead(keyName, 1);
    if (ref === 0) return false;
    const field = this.#field;
    if (field !== undefined) {
      if (db.typeOf(ref) !== TYPE_HASH) return false;
      if (!findField(db.entries, ref, field, 0, field.length)) return false;
      viewFound(db.entries, ref, value);
      return true;
    }
    if (db.typeOf(ref) !== TYPE_STRING) return false;
    const { buffer, offset, length } = db.value(ref);
    value.setBytes(buffer, offset, length);
    return true;
  }

  #setKey(elements: ByteRuns, i: number): void {
    const prefix = this.#prefix;
    const suffix = this.#suffix;
    const length = elements.length(i);
    const total = prefix.length + length + suffix.length;
    if (total > keyName.buffer.length) keyName.buffer = Buffer.allocUnsafeSlow(2 * total);
    const { buffer } = keyName;
    copyBytes(prefix, 0, prefix.length, buffer, 0);
    copyBytes(elements.buffer(i), elements.offset(i), length, buffer, prefix.length);
    copyBytes(suffix, 0, suffix.length, buffer, prefix.length + length);
    keyName.offsets[1] = 0;
    keyName.lengths[1] = total;
  }
}

/** Where `->` stands behind the star, with something behind it; -1 when it does not. */
function arrowAfter(text: Buffer, star: number): number {
  for (let i = star + 1; i + 2 < text.length; i++) {
    if (text[i] === MINUS && text[i + 1] === GREATER) return i;
  }
  return -1;
}
