// The state of client-side caching that is kept for each client that has ever tracked keys: its modes, the receiver
// of its invalidations, and the prefixes that it follows.

import { SortedTexts } from './sorted-texts.ts';

/** A client as tracking sees it. */
export interface TrackedClient {
  readonly id: number;
  /** Version of the protocol that it speaks: only version 3 has push messages. */
  readonly protocol: 2 | 3;
  /** Whether it is subscribed to channels: RESP2 has publish/subscribe messages in place of pushes. */
  readonly isSubscriber: boolean;
  /** Its state; undefined until it tracks for the first time. */
  tracker: Tracker | undefined;
  /** Counts bytes of the JavaScript heap that are kept for it; negative when they are freed. */
  charge(heapBytes: number): void;
  /** Sends encoded bytes that are not the reply to a request. */
  send(bytes: Buffer): void;
}

/** Modes of a tracker: bits of `Tracker.flags`. */
export const TRACKING_ON = 1 << 0;
/** It follows prefixes (BCAST); otherwise the keys that it reads. */
export const BROADCAST = 1 << 1;
/** It caches what it reads right after CLIENT CACHING YES only. */
export const OPT_IN = 1 << 2;
/** It caches all but what it reads right after CLIENT CACHING NO. */
export const OPT_OUT = 1 << 3;
/** It is not notified of what it changes itself. */
export const NO_LOOP = 1 << 4;
/** CLIENT CACHING holds for the next command or transaction. */
export const CACHING = 1 << 5;
/** The client that it redirects to was disconnected when a message should have been sent to it. */
export const BROKEN_REDIRECTION = 1 << 6;

/** The state of a client that tracks, or has tracked. */
export class Tracker {
  readonly client: TrackedClient;
  /** The client's number in the table of keys: 32 bits, not negative. */
  readonly number: number;
  flags = 0;
  /** Id of the client that gets its invalidations; 0 for itself. Kept when tracking ends. */
  redirect = 0;
  /** What it follows in the mode BROADCAST, one character a byte. */
  readonly prefixes = new SortedTexts();

  constructor(client: TrackedClient, number: number) {
    this.client = client;
    this.number = number;
  }

  /** Whether any of these modes is set. */
  has(modes: number): boolean {
    return (this.flags & modes) !== 0;
  }

  /** Whether keys that it reads now must be remembered. */
  get remembers(): boolean {
    const { flags } = this;
    if ((flags & (TRACKING_ON | BROADCAST)) !== TRACKING_ON) return false;
    return (flags & CACHING) !== 0 ? (flags & OPT_OUT) === 0 : (flags & OPT_IN) === 0;
  }
}
