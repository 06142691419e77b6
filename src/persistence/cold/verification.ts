// Whether what a snapshot or a log refers to is there: run at a start, when all of it is known, and in the background
// with the checksums of everything.

import type { ColdContext } from './cold-context.ts';
import { ColdError } from './cold-error.ts';
import type { ExtentRef } from './extent.ts';
import { problemOfSegment } from './segment-header.ts';
import { type LogId, segmentPath } from './segment-name.ts';

/** Headers that are looked at at once; payloads are read one after the other, as nobody waits for them. */
const AT_ONCE = 2;

/** What is looked at. */
export interface VerifyOptions {
  /** Reads the payloads, too, and checks their checksums; otherwise headers and lengths only. */
  readonly payloads?: boolean;
  /** Called before each extent: ends the check if it returns true. */
  readonly isOver?: () => boolean;
}

/** What was found. */
export interface Verification {
  /** What is missing, damaged or cannot be read, in the order in which it was noticed. */
  readonly problems: ColdError[];
  /** Extents that are as they should be. */
  readonly intact: number;
  /** Where a segment's last intact extent ends that was asked for, in bytes, by its number. */
  readonly ends: ReadonlyMap<number, number>;
  /** Sizes of the files, in bytes, by the numbers of the segments; only of those that are sound. */
  readonly sizes: ReadonlyMap<number, number>;
}

/** Checks extents of a log. @param refs in any order; each segment's header is checked once */
export async function verifyExtents(
  context: ColdContext,
  id: LogId,
  refs: Iterable<ExtentRef>,
  { payloads = false, isOver = () => false }: VerifyOptions,
): Promise<Verification> {
  const { reader, writes, isClosed } = context;
  const problems: ColdError[] = [];
  const ends = new Map<number, number>();
  const sizes = new Map<number, number>();
  const segments = new Map<number, Promise<number>>();
  let intact = 0;
  const sizeOf = (segment: number) => {
    const known = segments.get(segment) ?? checkSegment(context, id, segment, sizes, problems);
    segments.set(segment, known);
    return known;
  };
  const checkOne = async (ref: ExtentRef) => {
    const { segment, offset, lengthBytes } = ref;
    try {
      const sizeBytes = await sizeOf(segment);
      if (payloads) await writes.run(() => reader.check(id, ref));
      else await reader.checkHeader(id, ref, sizeBytes);
      intact++;
      ends.set(segment, Math.max(ends.get(segment) ?? 0, offset + lengthBytes));
    } catch (error) {
      if (!(error instanceof ColdError)) throw error;
      if (isClosed()) return;
      problems.push(error);
    }
  };
  // An iterator that all of them take from.
  const left = refs[Symbol.iterator]();
  const checkAll = async () => {
    for (
      let next = left.next();
      next.done !== true && !isOver() && !isClosed();
      next = left.next()
    ) {
      await checkOne(next.value);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, checkAll));
  return { problems, intact, ends, sizes };
}

/** Size of a segment's file, which is 0 if there is none: its extents are reported as missing then. */
async function checkSegment(
  { files, folder, reader }: ColdContext,
  id: LogId,
  segment: number,
  sizes: Map<number, number>,
  problems: ColdError[],
): Promise<number> {
  const path = segmentPath(folder, id, segment);
  try {
    const problem = problemOfSegment(await reader.segmentHeader(id, segment), id, segment);
    const sizeBytes = (await files.stat(path))?.sizeBytes ?? 0;
    if (problem === undefined) sizes.set(segment, sizeBytes);
    else problems.push(new ColdError('damaged', path, 0, problem));
    return sizeBytes;
  } catch (error) {
    if (error instanceof ColdError && error.kind !== 'missing') problems.push(error);
    return 0;
  }
}
