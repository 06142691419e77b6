// What keeps replies back until what they say is safe: no reply overtakes the log.

/** The log as the reply queue sees it. Offsets are places in the log's stream of bytes. */
export interface ReplyGate {
  /** The end of the stream, what is not written yet included. */
  readonly offset: number;
  /**
   * Writes what the stream has gained.
   * @returns the offset up to which everything is as safe as the configuration asks for
   */
  commit(): number;
}
