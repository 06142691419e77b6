// A field's name or value, where it is stored: among the packed bytes of a small hash, where integers are packed as
// such, or as bytes in a record of a table. It is valid until the next change of any data.
import { parseInteger, writeInteger } from '../../protocol/integer.ts';
import { PackedElement } from '../../structures/packed-list.ts';

/** Room for the digits and the sign of an integer of magnitude < 2^53. */
const DIGITS_BYTES = 20;

/** See the head of this file. */
export class FieldView extends PackedElement {
  buffer: Buffer = Buffer.alloc(0);
  /** On the bytes of the buffer, if there is one at hand. */
  view: DataView | undefined = undefined;
  #digits: Buffer | undefined;

  /** Points the view at the packed element at a place; returns the place after it. */
  readPacked(buffer: Buffer, at: number): number {
    this.buffer = buffer;
    this.view = undefined;
    return this.read(buffer, at);
  }

  /**
   * Points the view at bytes.
   * @param view on the same bytes, if there is one at hand
   */
  setBytes(buffer: Buffer, offset: number, length: number, view?: DataView): void {
    this.buffer = buffer;
    this.view = view;
    this.isInteger = false;
    this.offset = offset;
    this.length = length;
  }

  /** Points the view at the digits of the integer, if it is one: `buffer`, `offset` and `length` are bytes then. */
  asBytes(): void {
    if (!this.isInteger) return;
    this.#digits ??= Buffer.allocUnsafeSlow(DIGITS_BYTES);
    this.setBytes(this.#digits, 0, writeInteger(this.#digits, 0, this.integer));
  }

  /** The integer that it is, or NaN; beyond 2^53 one near it. */
  toInteger(): number {
    return this.isInteger ? this.integer : parseInteger(this.buffer, this.offset, this.length);
  }

  /** Its text, a character a byte. */
  toText(): string {
    if (this.isInteger) return String(this.integer);
    return this.buffer.toString('latin1', this.offset, this.offset + this.length);
  }
}
