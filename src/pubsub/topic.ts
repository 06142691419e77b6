// Something to subscribe to: a channel, a pattern or a shard channel, with its subscribers in the
// order in which they came, and the encoding of its messages. It exists while it has subscribers.
//
//   channel:  *3  $7 message    $n <channel>               $n <message>      ">3" in RESP3
//   pattern:  *4  $8 pmessage   $n <pattern>  $n <channel>  $n <message>
//             └─────── head, encoded once ──────┘
import { digitsOf, writeInteger } from '../protocol/integer.ts';
import type { MessageArea } from '../protocol/message-area.ts';
import { copyWide, viewOf } from '../protocol/wide-copy.ts';
import type { Subscriber } from './subscriber.ts';

const CR = 13;
const LF = 10;
const BULK = 36; // $
const ARRAY = 42; // *
const PUSH = 62; // >

/** A message on its way: parts of buffers. */
export interface Publication {
  channel: DataView;
  channelAt: number;
  channelLength: number;
  message: DataView;
  messageAt: number;
  messageLength: number;
}

/** What the messages of a kind of topic look like. */
export interface MessageForm {
  /** What they begin with ("message"). */
  readonly word: string;
  /** Whether they tell the channel besides the topic's name: those of patterns do. */
  readonly hasChannel: boolean;
}

/** See the head of this file. */
export class Topic {
  /** The name's bytes, one character each. */
  readonly key: string;
  readonly name: Buffer;
  /** Rises from topic to topic of a kind: the order in which they came to be. */
  readonly order: number;
  readonly #head: DataView;
  readonly #hasChannel: boolean;
  readonly #subscribers = new Set<Subscriber>();
  /** The same, as walked when publishing; undefined after a change. */
  #list: readonly Subscriber[] | undefined;

  constructor(key: string, order: number, { word, hasChannel }: MessageForm) {
    this.key = key;
    this.name = Buffer.from(key, 'latin1');
    this.order = order;
    this.#hasChannel = hasChannel;
    const parts = hasChannel ? 4 : 3;
    const opening = `*${parts}\r\n$${word.length}\r\n${word}\r\n$${key.length}\r\n${key}\r\n`;
    this.#head = viewOf(Buffer.from(opening, 'latin1'));
  }

  get size(): number {
    return this.#subscribers.size;
  }

  /** Those who are to get a message that is published now, in the order in which they came. */
  get subscribers(): readonly Subscriber[] {
    this.#list ??= [...this.#subscribers];
    return this.#list;
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    this.#list = undefined;
  }

  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    this.#list = undefined;
  }

  /** Whether it is called so. */
  isNamed(bytes: Uint8Array, offset: number, length: number): boolean {
    const { name } = this;
    if (name.length !== length) return false;
    for (let i = 0; i < length; i++) if (name[i] !== bytes[offset + i]) return false;
    return true;
  }

  /** Bytes of a message, encoded. */
  sizeOf({ channelLength, messageLength }: Publication): number {
    const size = this.#head.byteLength + bulkBytes(messageLength);
    return this.#hasChannel ? size + bulkBytes(channelLength) : size;
  }

  /** Encodes a message at `start` in the area's buffer. */
  write(area: MessageArea, start: number, protocol: 2 | 3, published: Publication): void {
    const { channel, channelAt, channelLength } = published;
    const { message, messageAt, messageLength } = published;
    let at = copyWide(area.view, start, this.#head, 0, this.#head.byteLength);
    area.buffer[start] = protocol === 3 ? PUSH : ARRAY;
    if (this.#hasChannel) at = writeBulk(area, at, channel, channelAt, channelLength);
    writeBulk(area, at, message, messageAt, messageLength);
  }
}

/** Bytes that a bulk string of so many bytes takes. */
function bulkBytes(length: number): number {
  return 1 + digitsOf(length) + 2 + length + 2;
}

/** Writes a bulk string; returns the position behind it. */
function writeBulk(
  { buffer, view }: MessageArea,
  at: number,
  bytes: DataView,
  offset: number,
  length: number,
): number {
  buffer[at] = BULK;
  const body = lineBreak(buffer, writeInteger(buffer, at + 1, length));
  return lineBreak(buffer, copyWide(view, body, bytes, offset, length));
}

function lineBreak(target: Buffer, at: number): number {
  target[at] = CR;
  target[at + 1] = LF;
  return at + 2;
}
