// What keeps replies back until what they say is safe: no reply overtakes the log.

/** The command stream (replication/command-stream.ts) as the reply queue sees it. */
export interface ReplyGate {
  /** The end of the stream, what is not written yet included. */
  readonly offset: number;
  /**
   * Has what the stream has gained written.
   * @returns the offset up to which everything is as safe as it has to be; Infinity where nobody keeps it
   */
  commit(): number;
}
