// The message that keys are no longer valid, in its two forms. Each is encoded when the first receiver needs it, and
// shared by the others.
//
//   RESP3, a push:                       >2 $10 invalidate                               value
//   RESP2, to a subscribed client:       *3 $7 message     $20 __redis__:invalidate      value
// The value is the array of the keys, or null: all keys.

import { bulkBytes, writeBulk, writeBulkText } from '../protocol/resp-writer.ts';

const ONE_KEY = Buffer.from('*1\r\n');
const PUSH_HEAD = Buffer.from('>2\r\n$10\r\ninvalidate\r\n');
const MESSAGE_HEAD = Buffer.from('*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n');

/** An invalidation message; see the head of this file. */
export class Invalidation {
  /** The array of the keys, or null, encoded. */
  readonly value: Buffer;
  #push: Buffer | undefined;
  #message: Buffer | undefined;

  /** @param value the encoded array or null, which is copied */
  constructor(value: Buffer) {
    this.value = value;
  }

  /** Of one key. */
  static of(key: Uint8Array): Invalidation {
    const value = Buffer.allocUnsafeSlow(ONE_KEY.length + bulkBytes(key.length));
    writeBulk(value, ONE_KEY.copy(value), key, 0, key.length);
    return new Invalidation(value);
  }

  /** Of several keys, each with one character a byte. */
  static ofAll(keys: readonly string[]): Invalidation {
    const head = `*${keys.length}\r\n`;
    let sizeBytes = head.length;
    for (const key of keys) sizeBytes += bulkBytes(key.length);
    const value = Buffer.allocUnsafeSlow(sizeBytes);
    let at = value.write(head, 'latin1');
    for (const key of keys) at = writeBulkText(value, at, key);
    return new Invalidation(value);
  }

  /** As a push of RESP3. */
  get push(): Buffer {
    this.#push ??= Buffer.concat([PUSH_HEAD, this.value]);
    return this.#push;
  }

  /** As a message of publish/subscribe in RESP2. */
  get message(): Buffer {
    this.#message ??= Buffer.concat([MESSAGE_HEAD, this.value]);
    return this.#message;
  }

  /** Of all keys. As in Redis, the null is encoded in the protocol of the tracking client. */
  static readonly ofEverything: Readonly<Record<2 | 3, Invalidation>> = {
    2: new Invalidation(Buffer.from('$-1\r\n')),
    3: new Invalidation(Buffer.from('_\r\n')),
  };
}

/** Notifies a tracking client (RESP3) that the one to which its invalidations go is no longer there. */
export function brokenRedirection(redirect: number): Buffer {
  return Buffer.from(`>2\r\n$21\r\ntracking-redir-broken\r\n:${redirect}\r\n`);
}
