// Packed lists: elements one after another in one run of bytes, each readable from either side. The
// encoding of an element is that of Redis's listpack (https://github.com/antirez/listpack), so that
// such bytes can go into RDB files as they are:
//
//   [ header and length, or a small integer ][ bytes ][ size of the two before, backwards ]
//
//   0xxxxxxx  integer 0 … 127          110xxxxx +1  13-bit integer     1111 0001 … 0100  16-, 24-,
//   10xxxxxx  string of up to 63 B     1110xxxx +1  string < 4 KiB     32- and 64-bit integer
//                                      11110000 +4  longer string      (little endian)
//
// An integer in canonical form is always encoded as the shortest integer that holds it, unless it
// exceeds 2^53: then it stays a string. Equal elements therefore have equal bytes.
import { copyBytes } from '../protocol/copy-bytes.ts';
import { parseInteger } from '../protocol/integer.ts';

const NINE = 57;
/** A canonical 64-bit integer has at most 19 digits and a sign. */
const MAX_INTEGER_BYTES = 20;
/** Below this many bytes a loop compares faster than a call into the runtime. */
const LOOP_COMPARE_BYTES = 64;
const TWO_32 = 2 ** 32;

/** An element to be written: what it is, and how many bytes it takes. */
export class PackedEncoder {
  /** Bytes of the whole element. */
  size = 0;
  #bytes: Uint8Array = Buffer.alloc(0);
  #offset = 0;
  #length = 0;
  #isInteger = false;
  #integer = 0;

  /** Sets the element: `length` bytes from `offset`, which must stay until `write`. */
  set(bytes: Uint8Array, offset: number, length: number): void {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#length = length;
    this.#isInteger = false;
    if (length <= MAX_INTEGER_BYTES && bytes[offset] <= NINE) {
      const integer = parseInteger(bytes, offset, length);
      if (Number.isSafeInteger(integer)) {
        this.setInteger(integer);
        return;
      }
    }
    const content = stringHeaderBytes(length) + length;
    this.size = content + backLengthBytes(content);
  }

  /** Sets the element: an integer of magnitude < 2^53. */
  setInteger(value: number): void {
    this.#isInteger = true;
    this.#integer = value;
    this.size = integerBytes(value) + 1;
  }

  /** Writes the element at a place with room for `size` bytes. */
  write(target: Buffer, at: number): void {
    if (this.#isInteger) {
      const end = writeIntegerContent(target, at, this.#integer);
      target[end] = end - at;
      return;
    }
    const length = this.#length;
    const start = writeStringHeader(target, at, length);
    const bytes = this.#bytes;
    const offset = this.#offset;
    copyBytes(bytes, offset, length, target, start);
    writeBackLength(target, start + length, start + length - at);
  }
}

/** An element that was read: a run of bytes, or an integer. */
export class PackedElement {
  isInteger = false;
  /** The integer, if it is one. */
  integer = 0;
  /** Otherwise its bytes: `length` from `offset` in the buffer that it was read from. */
  offset = 0;
  length = 0;

  /** Reads the element at a place; returns the place after it. */
  read(buffer: Buffer, at: number): number {
    const head = buffer[at];
    if ((head & 0xc0) === 0x80) {
      const length = head & 0x3f;
      this.isInteger = false;
      this.offset = at + 1;
      this.length = length;
      return at + length + 2;
    }
    if (head < 0x80) return this.#setInteger(head, at + 2);
    return this.#readLong(buffer, at, head);
  }

  /** Its bytes: a view on the buffer that it was read from, or the digits of an integer. */
  bytes(buffer: Buffer): Buffer {
    if (this.isInteger) return Buffer.from(String(this.integer), 'latin1');
    return buffer.subarray(this.offset, this.offset + this.length);
  }

  #readLong(buffer: Buffer, at: number, head: number): number {
    if ((head & 0xe0) === 0xc0) {
      const value = ((head & 0x1f) << 8) | buffer[at + 1];
      return this.#setInteger((value << 19) >> 19, at + 3);
    }
    if ((head & 0xf0) === 0xe0) {
      return this.#setString(at, at + 2, ((head & 0xf) << 8) | buffer[at + 1]);
    }
    if (head === 0xf0) return this.#setString(at, at + 5, buffer.readUInt32LE(at + 1));
    if (head === 0xf1) return this.#setInteger(buffer.readInt16LE(at + 1), at + 4);
    if (head === 0xf2) return this.#setInteger(buffer.readIntLE(at + 1, 3), at + 5);
    if (head === 0xf3) return this.#setInteger(buffer.readInt32LE(at + 1), at + 6);
    const high = buffer.readInt32LE(at + 5);
    return this.#setInteger(high * TWO_32 + buffer.readUInt32LE(at + 1), at + 10);
  }

  #setInteger(integer: number, next: number): number {
    this.isInteger = true;
    this.integer = integer;
    return next;
  }

  #setString(at: number, offset: number, length: number): number {
    this.isInteger = false;
    this.offset = offset;
    this.length = length;
    const end = offset + length;
    return end + backLengthBytes(end - at);
  }
}

/** The place after the element at a place. */
export function elementAfter(buffer: Buffer, at: number): number {
  const head = buffer[at];
  if ((head & 0xc0) === 0x80) return at + (head & 0x3f) + 2;
  if (head < 0x80) return at + 2;
  if ((head & 0xe0) === 0xc0) return at + 3;
  if (head === 0xf1) return at + 4;
  if (head === 0xf2) return at + 5;
  if (head === 0xf3) return at + 6;
  if (head === 0xf4) return at + 10;
  const content =
    head === 0xf0 ? 5 + buffer.readUInt32LE(at + 1) : 2 + (((head & 0xf) << 8) | buffer[at + 1]);
  return at + content + backLengthBytes(content);
}

/** The place of the element that ends at a place. */
export function elementBefore(buffer: Buffer, end: number): number {
  let at = end - 1;
  let byte = buffer[at];
  if (byte < 0x80) return at - byte;
  let content = byte & 0x7f;
  let shift = 7;
  do {
    byte = buffer[--at];
    content |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte >= 0x80);
  return at - content;
}

/** The place `count` elements after a place. */
export function skipForward(buffer: Buffer, at: number, count: number): number {
  let position = at;
  for (let i = 0; i < count; i++) position = elementAfter(buffer, position);
  return position;
}

/** The place `count` elements before a place. */
export function skipBackward(buffer: Buffer, end: number, count: number): number {
  let position = end;
  for (let i = 0; i < count; i++) position = elementBefore(buffer, position);
  return position;
}

/** Number of elements between two places. */
export function countElements(buffer: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at = elementAfter(buffer, at)) count++;
  return count;
}

/** Whether the element at a place is the encoded one. */
export function isElement(buffer: Buffer, at: number, encoded: Buffer): boolean {
  const { length } = encoded;
  // Not past the end: an element that begins with the same header is as long.
  if (buffer[at] !== encoded[0] || elementAfter(buffer, at) !== at + length) return false;
  if (length > LOOP_COMPARE_BYTES) return buffer.compare(encoded, 0, length, at, at + length) === 0;
  for (let i = 1; i < length; i++) if (buffer[at + i] !== encoded[i]) return false;
  return true;
}

function integerBytes(value: number): number {
  if (value >= 0 && value <= 127) return 1;
  if (value >= -4096 && value <= 4095) return 2;
  if (value >= -32768 && value <= 32767) return 3;
  if (value >= -8388608 && value <= 8388607) return 4;
  if (value >= -2147483648 && value <= 2147483647) return 5;
  return 9;
}

/** Writes header and integer; returns the place after them. */
function writeIntegerContent(target: Buffer, at: number, value: number): number {
  switch (integerBytes(value)) {
    case 1:
      target[at] = value;
      return at + 1;
    case 2:
      target[at] = 0xc0 | ((value >> 8) & 0x1f);
      target[at + 1] = value & 0xff;
      return at + 2;
    case 3:
      target[at] = 0xf1;
      return target.writeInt16LE(value, at + 1);
    case 4:
      target[at] = 0xf2;
      return target.writeIntLE(value, at + 1, 3);
    case 5:
      target[at] = 0xf3;
      return target.writeInt32LE(value, at + 1);
    default:
      target[at] = 0xf4;
      target.writeUInt32LE(value >>> 0, at + 1);
      return target.writeInt32LE(Math.floor(value / TWO_32), at + 5);
  }
}

function stringHeaderBytes(length: number): number {
  if (length < 64) return 1;
  return length < 4096 ? 2 : 5;
}

/** Writes a string's header; returns the place after it. */
function writeStringHeader(target: Buffer, at: number, length: number): number {
  if (length < 64) {
    target[at] = 0x80 | length;
    return at + 1;
  }
  if (length < 4096) {
    target[at] = 0xe0 | (length >> 8);
    target[at + 1] = length & 0xff;
    return at + 2;
  }
  target[at] = 0xf0;
  return target.writeUInt32LE(length, at + 1);
}

/** Bytes of the backward length; its limits are listpack's own. */
function backLengthBytes(content: number): number {
  if (content <= 127) return 1;
  if (content < 16383) return 2;
  if (content < 2097151) return 3;
  return content < 268435455 ? 4 : 5;
}

/** Seven bits a byte, the lowest last; every byte but the first has its high bit set. */
function writeBackLength(target: Buffer, at: number, content: number): void {
  const size = backLengthBytes(content);
  let rest = content;
  for (let i = size - 1; i > 0; i--) {
    target[at + i] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
  }
  target[at] = rest;
}
