// Something to subscribe to: a channel, a pattern or a shard channel, with its subscribers in the
// order in which they subscribed, and the encoding of its messages. It exists while it has subscribers.
// There may be millions, each with one subscriber, so it keeps little.
//
//   channel:  *3  $7 message    $n <channel>                $n <message>      ">3" in RESP3
//   pattern:  *4  $8 pmessage   $n <pattern>  $n <channel>  $n <message>
//             └─ opening ───┘

import { copyWide, viewOf } from '../protocol/copy-bytes.ts';
import type { MessageArea } from '../protocol/message-area.ts';
import {
  ARRAY,
  BULK,
  bulkBytes,
  PUSH,
  writeBulkText,
  writeHeader,
  writeLineEnd,
} from '../protocol/resp-writer.ts';
import type { Receiver } from './receiver.ts';

const NO_RECEIVERS: readonly Receiver[] = [];

/** A message that is being published: parts of buffers. */
export interface Publication {
  channel: DataView;
  channelAt: number;
  channelLength: number;
  message: DataView;
  messageAt: number;
  messageLength: number;
}

/** What the messages of a kind of topic look like. */
export class MessageForm {
  /** Whether they contain the channel besides the topic's name: those of patterns do. */
  readonly hasChannel: boolean;
  /** What comes before the name, encoded. */
  readonly opening: DataView;

  /** @param word what they begin with ("message") */
  constructor(word: string, hasChannel: boolean) {
    this.hasChannel = hasChannel;
    const parts = hasChannel ? 4 : 3;
    this.opening = viewOf(Buffer.from(`*${parts}\r\n$${word.length}\r\n${word}\r\n`));
  }
}

/** A channel, pattern or shard channel; see the head of this file. */
export class Topic {
  /** The name's bytes, one character each. */
  readonly key: string;
  /** Increases from topic to topic of a kind: the order of creation. */
  readonly order: number;
  readonly #form: MessageForm;
  /** In the order of subscription; a set once there were more than one and one was added or removed. */
  #subscribers: readonly Receiver[] | Set<Receiver> = NO_RECEIVERS;
  #pattern: Uint8Array | undefined = undefined;

  constructor(key: string, order: number, form: MessageForm) {
    this.key = key;
    this.order = order;
    this.#form = form;
  }

  get size(): number {
    const subscribers = this.#subscribers;
    return subscribers instanceof Set ? subscribers.size : subscribers.length;
  }

  /** The current subscribers, in the order of subscription. */
  get subscribers(): readonly Receiver[] {
    const subscribers = this.#subscribers;
    if (!(subscribers instanceof Set)) return subscribers;
    const list = [...subscribers];
    this.#subscribers = list;
    return list;
  }

  /** Its name as bytes, cached for comparing it with many channels. */
  get pattern(): Uint8Array {
    if (this.#pattern === undefined) {
      this.#pattern = new Uint8Array(this.key.length);
      Buffer.from(this.#pattern.buffer).write(this.key, 'latin1');
    }
    return this.#pattern;
  }

  /** Adds a subscriber that is not subscribed yet. */
  add(subscriber: Receiver): void {
    if (this.size === 0) this.#subscribers = [subscriber];
    else this.#asSet().add(subscriber);
  }

  /** Removes a subscriber; it is subscribed. */
  remove(subscriber: Receiver): void {
    if (this.size === 1) this.#subscribers = NO_RECEIVERS;
    else this.#asSet().delete(subscriber);
  }

  #asSet(): Set<Receiver> {
    const subscribers = this.#subscribers;
    if (subscribers instanceof Set) return subscribers;
    const set = new Set(subscribers);
    this.#subscribers = set;
    return set;
  }

  /** Whether these bytes are its name. */
  isNamed(bytes: Uint8Array, offset: number, length: number): boolean {
    const { key } = this;
    if (key.length !== length) return false;
    for (let i = 0; i < length; i++) if (key.charCodeAt(i) !== bytes[offset + i]) return false;
    return true;
  }

  /** Bytes of a message, encoded. */
  sizeOf({ channelLength, messageLength }: Publication): number {
    const { hasChannel, opening } = this.#form;
    const size = opening.byteLength + bulkBytes(this.key.length) + bulkBytes(messageLength);
    return hasChannel ? size + bulkBytes(channelLength) : size;
  }

  /** Encodes a message at `start` in the area's buffer. */
  write(area: MessageArea, start: number, protocol: 2 | 3, published: Publication): void {
    const { channel, channelAt, channelLength } = published;
    const { message, messageAt, messageLength } = published;
    const { hasChannel, opening } = this.#form;
    let at = copyWide(area.view, start, opening, 0, opening.byteLength);
    area.buffer[start] = protocol === 3 ? PUSH : ARRAY;
    if (hasChannel) at = writeBulkText(area.buffer, at, this.key);
    at = writeViewed(area, at, channel, channelAt, channelLength);
    writeViewed(area, at, message, messageAt, messageLength);
  }
}

/** As `writeBulk`, for bytes in a DataView. */
function writeViewed(
  { buffer, view }: MessageArea,
  at: number,
  bytes: DataView,
  offset: number,
  length: number,
): number {
  const body = writeHeader(buffer, at, BULK, length);
  return writeLineEnd(buffer, copyWide(view, body, bytes, offset, length));
}
