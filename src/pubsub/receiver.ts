// The receiver of messages: a protocol, and a method that takes encoded bytes.

/** Receives messages. */
export interface Receiver {
  /** Version of the protocol in which it takes messages. */
  readonly protocol: 2 | 3;
  /**
   * Takes the encoded message in [start, end), which stays as it is until the end of this iteration of the event loop.
   */
  deliver(buffer: Buffer, start: number, end: number): void;
}
