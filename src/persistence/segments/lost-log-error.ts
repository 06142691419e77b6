// The failures of a log that cannot be what a start reads any more: its files are not in their place, or not all
// that has changed is in it.

/** What was written is not in the log's place any more; says what is there. */
export class LostLogError extends Error {
  /** As of errors of the system: there is a text for it that tells clients no paths. */
  readonly code: string = 'ELOST';
}

/** The log could not take a change: it has a gap, and nothing that came later may be written behind it. */
export class IncompleteLogError extends LostLogError {
  override readonly code = 'EINCOMPLETE';
}
