// What the log's files must know of a base without knowing its format: whoever can read it says whether
// it is whole, and what it tells of its own place in the log.

/** What a base that is whole tells. */
export interface BaseFacts {
  /** What is in it, in words. */
  readonly contents: string;
  /** The offset that it stands for, and the id of its log; undefined where Redis wrote it. */
  readonly offset: number | undefined;
  readonly replicationId: string | undefined;
}

/** A base cannot be used: says why. */
export class BaseDamageError extends Error {}

/**
 * Reads a base to its end.
 * @throws BaseDamageError when it is damaged, else what kept it from being read
 */
export type BaseCheck = (path: string) => Promise<BaseFacts>;

/** Told now and then how much has been read of what. */
export type InspectionProgress = (what: string, readBytes: number, totalBytes: number) => void;

/** Each base is read once, however often it is asked for: none changes while a log is repaired. */
export function remembering(checkBase: BaseCheck): BaseCheck {
  const known = new Map<string, Promise<BaseFacts>>();
  return (path) => {
    const facts = known.get(path) ?? checkBase(path);
    known.set(path, facts);
    return facts;
  };
}
