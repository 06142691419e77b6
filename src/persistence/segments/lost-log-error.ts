// The failure of a log whose files are not in their place any more.

/** What was written is not in the log's place any more; says what is there. */
export class LostLogError extends Error {
  /** As of errors of the system: there is a text for it that tells clients no paths. */
  readonly code = 'ELOST';
}
