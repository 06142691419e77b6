// The interface by which the log's files check a base without knowing its format: whether it is complete, and which
// position of the log it states.

/** The facts of a complete base. */
export interface BaseFacts {
  /** Its contents, in words. */
  readonly contents: string;
  /** The offset and the replication id that it states; undefined in a base written by Redis. */
  readonly offset: number | undefined;
  readonly replicationId: string | undefined;
}

/** A base cannot be used, for the reason in the message. */
export class BaseDamageError extends Error {}

/**
 * Reads a base to its end.
 * @throws BaseDamageError when it is damaged; else the error that prevented reading it
 */
export type BaseCheck = (path: string) => Promise<BaseFacts>;

/** Called now and then with how much of which file has been read. */
export type InspectionProgress = (what: string, readBytes: number, totalBytes: number) => void;

/** Caches the results: each base is read only once, as bases do not change while a log is repaired. */
export function remembering(checkBase: BaseCheck): BaseCheck {
  const known = new Map<string, Promise<BaseFacts>>();
  return (path) => {
    const facts = known.get(path) ?? checkBase(path);
    known.set(path, facts);
    return facts;
  };
}
