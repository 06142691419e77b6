// A client without a socket, which keeps what it is sent.

import type { TrackedClient, Tracker } from '../../src/tracking/tracker.ts';

export class FakeClient implements TrackedClient {
  readonly id: number;
  readonly protocol: 2 | 3;
  isSubscriber = false;
  tracker: Tracker | undefined = undefined;
  heapBytes = 0;
  readonly #received: string[] = [];

  constructor(id: number, protocol: 2 | 3 = 3) {
    this.id = id;
    this.protocol = protocol;
  }

  charge(heapBytes: number): void {
    this.heapBytes += heapBytes;
  }

  send(bytes: Buffer): void {
    this.#received.push(bytes.toString('latin1'));
  }

  /** What it was sent since the last call. */
  hear(): string[] {
    return this.#received.splice(0);
  }
}
