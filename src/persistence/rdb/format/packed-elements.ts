// Reads the packed forms in which Redis keeps small collections, listpack and ziplist, as they stand
// in RDB files. The bytes are not trusted: every position is checked before it is read, and elements are handed on
// one by one. Backward lengths are checked too, though they are not used here: damage that leaves all elements
// readable is still damage, as for Redis under `sanitize-dump-payload yes`. Specifications:
// https://github.com/antirez/listpack/blob/master/listpack.md, https://redis.com/glossary/redis-ziplist/
import type { ByteView } from '../../../structures/entry.ts';

/** Receives elements one by one; bytes must be copied. */
export interface ElementReceiver {
  push(bytes: Uint8Array, offset: number, length: number): void;
  /** An integer of magnitude < 2^53. */
  pushInteger(value: number): void;
}

/** Bytes of a listpack without elements: length (4), count (2), end mark. */
export const LISTPACK_HEADER_BYTES = 6;
const ZIPLIST_HEADER_BYTES = 10;
const END_MARK = 0xff;
/** A count of elements that means that there are more than it can hold. */
const UNCOUNTED = 0xffff;
/** First byte of a ziplist's backward length that has 4 more bytes. */
const LONG_BACK_LENGTH = 254;
const TWO_32 = 2 ** 32;

/** Where an element's content lies, and how it is to be read. */
interface Content {
  /** Bytes of an integer, or 0 for a string or an integer within its header. */
  integerBytes: number;
  /** The integer within its header, or NaN. */
  immediate: number;
  /** Bytes before the content. */
  headerBytes: number;
  /** Bytes of a string. */
  length: number;
}

const content: Content = { integerBytes: 0, immediate: Number.NaN, headerBytes: 0, length: 0 };

/** Hands on the elements of a listpack; false when it is damaged, maybe after some of them. */
export function readListpack(view: ByteView, receiver: ElementReceiver): boolean {
  const { buffer, offset, length } = view;
  const end = offset + length - 1;
  if (length <= LISTPACK_HEADER_BYTES || buffer.readUInt32LE(offset) !== length) return false;
  if (buffer[end] !== END_MARK) return false;
  let at = offset + LISTPACK_HEADER_BYTES;
  let count = 0;
  for (; at < end; count++) {
    if (!readListpackHeader(buffer, at, end)) return false;
    const size = content.headerBytes + content.length + content.integerBytes;
    const next = at + size + backLengthBytes(size);
    if (next > end || !isBackLength(buffer, at + size, next, size)) return false;
    handOn(buffer, at + content.headerBytes, receiver);
    at = next;
  }
  const stated = buffer.readUInt16LE(offset + 4);
  return stated === UNCOUNTED || stated === count;
}

/** Hands on the elements of a ziplist; false when it is damaged, maybe after some of them. */
export function readZiplist(view: ByteView, receiver: ElementReceiver): boolean {
  const { buffer, offset, length } = view;
  const end = offset + length - 1;
  if (length <= ZIPLIST_HEADER_BYTES || buffer.readUInt32LE(offset) !== length) return false;
  if (buffer[end] !== END_MARK) return false;
  const first = offset + ZIPLIST_HEADER_BYTES;
  let at = first;
  let last = first;
  let count = 0;
  for (; at < end; count++) {
    // It must lead to the element before; for the first element, to itself.
    const back = backLengthOf(buffer, at, end);
    if (back !== at - last) return false;
    last = at;
    at += buffer[at] < LONG_BACK_LENGTH ? 1 : 5;
    if (at >= end || !readZiplistHeader(buffer, at, end)) return false;
    const start = at + content.headerBytes;
    const next = start + content.length + content.integerBytes;
    if (next > end) return false;
    handOn(buffer, start, receiver);
    at = next;
  }
  if (count > 0 && buffer.readUInt32LE(offset + 4) !== last - offset) return false;
  const stated = buffer.readUInt16LE(offset + 8);
  return stated === UNCOUNTED || stated === count;
}

/** Hands on the element that `content` describes. */
function handOn(buffer: Buffer, at: number, receiver: ElementReceiver): void {
  const { integerBytes, immediate, length } = content;
  if (!Number.isNaN(immediate)) {
    receiver.pushInteger(immediate);
  } else if (integerBytes === 0) {
    receiver.push(buffer, at, length);
  } else if (integerBytes < 8) {
    receiver.pushInteger(buffer.readIntLE(at, integerBytes));
  } else {
    const value = buffer.readInt32LE(at + 4) * TWO_32 + buffer.readUInt32LE(at);
    if (Number.isSafeInteger(value)) {
      receiver.pushInteger(value);
    } else {
      const digits = Buffer.from(buffer.readBigInt64LE(at).toString(), 'latin1');
      receiver.push(digits, 0, digits.length);
    }
  }
}

function setString(headerBytes: number, length: number): true {
  content.integerBytes = 0;
  content.immediate = Number.NaN;
  content.headerBytes = headerBytes;
  content.length = length;
  return true;
}

function setInteger(integerBytes: number): true {
  content.integerBytes = integerBytes;
  content.immediate = Number.NaN;
  content.headerBytes = 1;
  content.length = 0;
  return true;
}

function setImmediate(headerBytes: number, value: number): true {
  content.integerBytes = 0;
  content.immediate = value;
  content.headerBytes = headerBytes;
  content.length = 0;
  return true;
}

/** Sets `content` by an element's header in a listpack; false when there is no such header. */
function readListpackHeader(buffer: Buffer, at: number, end: number): boolean {
  const head = buffer[at];
  if (head < 0x80) return setImmediate(1, head);
  if (head < 0xc0) return setString(1, head & 0x3f);
  if (at + 1 >= end) return false;
  if (head < 0xe0) {
    return setImmediate(2, ((((head & 0x1f) << 8) | buffer[at + 1]) << 19) >> 19);
  }
  if (head < 0xf0) return setString(2, ((head & 0xf) << 8) | buffer[at + 1]);
  switch (head) {
    case 0xf0:
      return at + 5 <= end && setString(5, buffer.readUInt32LE(at + 1));
    case 0xf1:
      return setInteger(2);
    case 0xf2:
      return setInteger(3);
    case 0xf3:
      return setInteger(4);
    case 0xf4:
      return setInteger(8);
    default:
      return false;
  }
}

/** The same in a ziplist, where the header follows the backward length. */
function readZiplistHeader(buffer: Buffer, at: number, end: number): boolean {
  const head = buffer[at];
  if (head < 0x40) return setString(1, head);
  if (head < 0x80) return at + 2 <= end && setString(2, ((head & 0x3f) << 8) | buffer[at + 1]);
  if (head < 0xc0) return at + 5 <= end && setString(5, buffer.readUInt32BE(at + 1));
  switch (head) {
    case 0xc0:
      return setInteger(2);
    case 0xd0:
      return setInteger(4);
    case 0xe0:
      return setInteger(8);
    case 0xf0:
      return setInteger(3);
    case 0xfe:
      return setInteger(1);
    default:
      return head > 0xf0 && head < 0xfe && setImmediate(1, (head & 0xf) - 1);
  }
}

/** The length of the previous element, as stored in an element of a ziplist; -1 when there is none. */
function backLengthOf(buffer: Buffer, at: number, end: number): number {
  if (buffer[at] < LONG_BACK_LENGTH) return buffer[at];
  return buffer[at] === LONG_BACK_LENGTH && at + 5 <= end ? buffer.readUInt32LE(at + 1) : -1;
}

/** Whether bytes [at, next) are the backward length of an element of a listpack. */
function isBackLength(buffer: Buffer, at: number, next: number, size: number): boolean {
  let rest = size;
  for (let i = next - 1; i > at; i--) {
    if (buffer[i] !== ((rest & 0x7f) | 0x80)) return false;
    rest >>>= 7;
  }
  return buffer[at] === rest;
}

/** Bytes of the length behind an element of a listpack. */
function backLengthBytes(size: number): number {
  if (size <= 127) return 1;
  if (size < 16383) return 2;
  if (size < 2097151) return 3;
  return size < 268435455 ? 4 : 5;
}
