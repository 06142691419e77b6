// From files to the stream: walks the increments in order, hands out whole groups, and decides what
// a place that cannot be read means:
//
//   a torn end   what a crash left half written: nothing complete follows, or only groups that say
//                themselves that the stream was not on disk up to here when they were written (a
//                loss of power may keep later pages and lose earlier ones). It can be cut off. Only
//                the last file of Redis's logs can have one, as for Redis.
//   damage       anything else: what is missing was once durable. The start is refused.
//
// Nothing is changed on disk here: `cutTail` does that.

import { isMissing, sizeOf } from '../segments/file-system.ts';
import type { LogDirectory } from '../segments/log-directory.ts';
import type { SegmentFile } from '../segments/manifest.ts';
import { AofScanner, BAD, END, MORE, type Problem } from './aof-scanner.ts';
import { findSyncedGroup } from './synced-group.ts';

/** A whole group, or a run of plain commands that Redis wrote. */
export interface RecoveredGroup {
  /** Whole commands; valid until the callback returns. */
  readonly bytes: Buffer;
  /** The stream's offset of the first byte. */
  readonly start: number;
  /** Its file, and the position in the file of its byte `at`. */
  readonly file: string;
  positionOf(at: number): number;
}

export interface RecoveryOptions {
  /** Groups before this offset are verified but not handed out: a snapshot holds them. */
  readonly from: number;
  /** `aof-load-truncated`: whether a torn end is cut off, or refused. */
  readonly loadTruncated: boolean;
  /** Called for each group, in order. */
  onGroup(group: RecoveredGroup): void;
  /** Called with the whole commands of a transaction without an end, before it is treated as torn. */
  onUnended?(group: RecoveredGroup): void;
  /** Called now and then with the bytes of files that were read so far. */
  onProgress?(readBytes: number): void;
}

/** An increment that was read. */
export interface RecoveredSegment {
  readonly name: string;
  readonly seq: number;
  /** The stream's offsets at its beginning and after its last whole group. */
  readonly start: number;
  readonly end: number;
  /** Bytes up to there. */
  readonly sizeBytes: number;
  readonly groups: number;
  /** Whether it holds commands without groups, as Redis writes them. */
  readonly isPlain: boolean;
}

/** A torn end. */
export interface TornTail {
  readonly segment: SegmentFile;
  /** Its position in the file and offset in the stream. */
  readonly position: number;
  readonly offset: number;
  /** Its size in bytes, in this file and in later ones. */
  readonly bytes: number;
  readonly laterSegments: readonly SegmentFile[];
  readonly reason: string;
}

/** The result of recovery. */
export interface Recovery {
  /** Offset of the stream's end. */
  readonly offset: number;
  readonly segments: readonly RecoveredSegment[];
  readonly torn: TornTail | undefined;
}

/** The log cannot be recovered as it is; the message says where, why and what can be done. */
export class DamageError extends Error {
  readonly file: string;
  /** Position in the file, and offset in the stream. */
  readonly position: number;
  readonly offset: number;
  /** The increments up to there. */
  found: readonly RecoveredSegment[] = [];

  constructor(file: string, problem: Pick<Problem, 'position' | 'offset'>, text: string) {
    super(text);
    this.file = file;
    this.position = problem.position;
    this.offset = problem.offset;
  }
}

const REPAIR_ADVICE =
  'Restore the file from a copy or a replica, or run `synap-check --fix` on the directory: it ' +
  'keeps a copy of what it removes, and the log then ends here';
const TRUNCATED_ADVICE =
  'Run `synap-check --fix` on the directory, which keeps a copy of what it removes, or set ' +
  'aof-load-truncated to yes';

/**
 * Reads the increments of a directory that are needed from an offset on.
 * @throws DamageError, or the system's error
 */
export async function recover(
  directory: LogDirectory,
  options: RecoveryOptions,
): Promise<Recovery> {
  const files = filesFrom(directory, options.from);
  const segments: RecoveredSegment[] = [];
  let offset = files[0]?.start;
  if (offset !== undefined && offset > options.from) {
    throw refusal(files[0].name, gap(options.from, offset), REPAIR_ADVICE);
  }
  for (const [index, file] of files.entries()) {
    const { segment, problem, fileBytes } = await readSegment(directory, file, offset, options);
    segments.push(segment);
    offset = segment.end;
    if (problem === undefined) continue;
    const later = files.slice(index + 1);
    if (!(await isTorn(directory, file, problem, later))) {
      throw Object.assign(refusal(file.name, problem, REPAIR_ADVICE), { found: segments });
    }
    if (!options.loadTruncated) throw refusal(file.name, problem, TRUNCATED_ADVICE);
    const torn = tornTail(directory, file, problem, fileBytes, later);
    return { offset: Math.max(offset, options.from), segments, torn };
  }
  // After a loss of power, a snapshot may be newer than the rest of the log before it.
  return { offset: Math.max(offset ?? 0, options.from), segments, torn: undefined };
}

/** The increments that hold the stream from an offset on. */
function filesFrom({ manifest }: LogDirectory, from: number): SegmentFile[] {
  const all = [...manifest.keptSegments, ...manifest.segments];
  let first = manifest.keptSegments.length;
  while (first > 0 && (all[first]?.start ?? Number.POSITIVE_INFINITY) > from) first--;
  return all.slice(first);
}

interface Reading {
  readonly segment: RecoveredSegment;
  readonly problem: Problem | undefined;
  readonly fileBytes: number;
}

async function readSegment(
  directory: LogDirectory,
  { name, seq, start }: SegmentFile,
  offset: number | undefined,
  options: RecoveryOptions,
): Promise<Reading> {
  const { fs, manifest } = directory;
  const fd = openToRead(directory, name, offset ?? options.from);
  try {
    const fileBytes = fs.size(fd);
    const isOwn = manifest.replicationId !== '';
    const range = { file: name, position: 0, offset, end: fileBytes, isOwn };
    const scanner = new AofScanner(fs, fd, range);
    const isGap = start !== undefined && offset !== undefined && start !== offset;
    const scanned = isGap ? undefined : await scan(scanner, options);
    const problem = isGap ? gap(offset, start) : scanned?.problem;
    const begin = scanned?.start ?? offset ?? options.from;
    const end = scanned?.start === undefined ? begin : scanner.offset;
    const sizeBytes = problem?.position ?? fileBytes;
    const groups = scanned?.groups ?? 0;
    const isPlain = scanner.hasPlain;
    const segment = { name, seq, start: begin, end, sizeBytes, groups, isPlain };
    return { segment, problem, fileBytes };
  } finally {
    fs.close(fd);
  }
}

function openToRead(directory: LogDirectory, name: string, offset: number): number {
  try {
    return directory.fs.open(directory.pathOf(name), 'r');
  } catch (error) {
    if (!isMissing(error)) throw error;
    const problem = { position: 0, offset, reason: 'the file is missing', mayBeTorn: false };
    throw refusal(name, problem, REPAIR_ADVICE);
  }
}

/** A start is in the manifest only once all that is before it is on disk: no crash makes a gap. */
function gap(expected: number, found: number): Problem {
  const reason = `it begins at offset ${found}, and what is before it ends at ${expected}`;
  return { position: 0, offset: expected, reason, mayBeTorn: false };
}

/** What a scanner has read; `start` is undefined when there was nothing. */
export interface Scanned {
  readonly start: number | undefined;
  readonly groups: number;
  readonly problem: Problem | undefined;
}

/** The group that a scanner has found, or the rest of it. */
class ScannedGroup implements RecoveredGroup {
  readonly bytes: Buffer;
  readonly start: number;
  readonly #scanner: AofScanner;
  readonly #at: number;

  constructor(scanner: AofScanner, skippedBytes: number) {
    const at = scanner.bodyStart + skippedBytes;
    this.bytes = scanner.buffer.subarray(at, scanner.bodyEnd);
    this.start = scanner.start + skippedBytes;
    this.#scanner = scanner;
    this.#at = at;
  }

  get file(): string {
    return this.#scanner.file;
  }

  positionOf(at: number): number {
    return this.#scanner.positionOf(this.#at + at);
  }
}

/** Hands out all groups that a scanner finds, from an offset on. */
export async function scan(
  scanner: AofScanner,
  { from, onGroup, onUnended, onProgress }: RecoveryOptions,
): Promise<Scanned> {
  let start: number | undefined;
  let groups = 0;
  for (;;) {
    const found = scanner.next();
    if (found === MORE) {
      await scanner.fill();
      onProgress?.(scanner.position);
    } else if (found === END) {
      return { start, groups, problem: undefined };
    } else if (found === BAD) {
      if (scanner.isUnended) onUnended?.(new ScannedGroup(scanner, 0));
      return { start, groups, problem: scanner.problem };
    } else {
      start ??= scanner.start;
      groups++;
      const skipped = Math.max(0, from - scanner.start);
      if (scanner.bodyStart + skipped >= scanner.bodyEnd) continue;
      onGroup(new ScannedGroup(scanner, skipped));
    }
  }
}

/** Whether a crash explains a problem: nothing after it shows that what is missing was on disk. */
async function isTorn(
  directory: LogDirectory,
  file: SegmentFile,
  problem: Problem,
  later: readonly SegmentFile[],
): Promise<boolean> {
  if (!problem.mayBeTorn) return false;
  const { position, offset } = problem;
  const isRedisLog = directory.manifest.replicationId === '';
  if (isRedisLog && later.length > 0) return false;
  if (later.some(({ start }) => start !== undefined && start > offset)) return false;
  if ((await findSyncedGroup(directory, file.name, position, offset, false)) !== undefined)
    return false;
  for (const { name } of later) {
    if ((await findSyncedGroup(directory, name, 0, offset, true)) !== undefined) return false;
  }
  return true;
}

function tornTail(
  directory: LogDirectory,
  segment: SegmentFile,
  { position, offset, reason }: Problem,
  fileBytes: number,
  laterSegments: readonly SegmentFile[],
): TornTail {
  const { fs } = directory;
  let bytes = fileBytes - position;
  for (const { name } of laterSegments) bytes += sizeOf(fs, directory.pathOf(name));
  return { segment, position, offset, bytes, laterSegments, reason };
}

function refusal(file: string, problem: Problem, advice: string): DamageError {
  const { position, offset, reason } = problem;
  const place = `byte ${position} (offset ${offset})`;
  return new DamageError(file, problem, `${file}, ${place}: ${reason}. ${advice}`);
}
