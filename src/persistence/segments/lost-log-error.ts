// The failures after which a start could not read the complete log: its files are not in their place, or changes are
// missing in it.

/** The log's files are not in their place any more; the message says what is there. */
export class LostLogError extends Error {
  /** A code as in errors of the system: clients get a text for it that contains no paths. */
  readonly code: string = 'ELOST';
}

/** A change could not be written: the log has a gap, after which nothing more may be written. */
export class IncompleteLogError extends LostLogError {
  override readonly code = 'EINCOMPLETE';
}
