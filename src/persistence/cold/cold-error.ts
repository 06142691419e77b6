// What can be wrong with a cold extent, in words for people: which file, where in it, and what.

/**
 * `missing`: there is no such file. `damaged`: there are other bytes than were written, or too few. `unreadable`: the
 * system's error, or LZ4 cannot be loaded; another attempt may work.
 */
export type ColdProblemKind = 'missing' | 'damaged' | 'unreadable';

/** An extent, or a segment's header, that cannot be read. Other extents are not affected by it. */
export class ColdError extends Error {
  readonly kind: ColdProblemKind;
  /** Path of the segment's file. */
  readonly file: string;
  /** Bytes from the beginning of the file to the extent; 0 for the segment's header. */
  readonly offset: number;
  /** What is wrong, without the place. */
  readonly problem: string;

  constructor(
    kind: ColdProblemKind,
    file: string,
    offset: number,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${file}, byte ${offset}: ${problem}`, options);
    this.name = 'ColdError';
    this.kind = kind;
    this.file = file;
    this.offset = offset;
    this.problem = problem;
  }
}

/** Text of a thrown value. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
