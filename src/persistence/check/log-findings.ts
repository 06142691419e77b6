// Reads all of a log and determines its state: which bases are complete, from which a start could begin, and where
// the log cannot be read further. Changes nothing.
//
// A start loads the newest complete base and reads the log from there. An older base is useful only if the log can
// be read from it up to the next one; damage between the two breaks it, and loses nothing as long as the newer base
// is complete:
//
//   base @0 ──── 1.incr ──x── base @500 ──── 2.incr ────▶ end      @0 is broken, nothing is cut
//   base @0 ──── 1.incr ───── base @500 ──x─ 2.incr ────▶          the log is cut at x

import { CommandReader } from '../recovery/commands-of.ts';
import {
  DamageError,
  type RecoveredSegment,
  type Recovery,
  recover,
} from '../recovery/recovery.ts';
import type { Cut } from '../recovery/repair.ts';
import { isMissing, sizeOf } from '../segments/file-system.ts';
import type { LogDirectory } from '../segments/log-directory.ts';
import type { BaseFile, Manifest, SegmentFile } from '../segments/manifest.ts';
import {
  type BaseCheck,
  BaseDamageError,
  type BaseFacts,
  type InspectionProgress,
} from './base-check.ts';

/** The result of checking a base: its facts, or a problem. */
export interface BaseFinding {
  readonly base: BaseFile;
  readonly facts: BaseFacts | undefined;
  readonly problem: string | undefined;
}

/** Where a start can begin: with a base, or with an empty keyspace at offset 0. */
export interface StartingPoint {
  readonly base: BaseFile | undefined;
  readonly offset: number;
}

/** Complete bases, and the damage because of which the log cannot be read from them. */
export interface BrokenRange {
  readonly starts: readonly StartingPoint[];
  readonly problem: string;
}

/** The state of a log. */
export interface Findings {
  readonly bases: readonly BaseFinding[];
  /** From old to new; the server would use the last. Empty: it cannot start. */
  readonly starts: readonly StartingPoint[];
  readonly broken: readonly BrokenRange[];
  readonly segments: readonly RecoveredSegment[];
  /** Offset of the log's end, and number of commands from the first of `starts` on. */
  readonly offset: number;
  readonly commands: number;
  /** Where it must be cut, and why. */
  readonly cut: Cut | undefined;
  readonly problem: string;
}

/**
 * Reads bases and increments.
 * @throws the system's error when a file exists and cannot be read
 */
export async function examine(
  directory: LogDirectory,
  checkBase: BaseCheck,
  onProgress: InspectionProgress,
): Promise<Findings> {
  const bases: BaseFinding[] = [];
  for (const base of directory.manifest.bases) {
    bases.push(await examineBase(directory, base, checkBase));
  }
  const starts = startsOf(directory.manifest, bases);
  return { bases, ...(await readLog(directory, starts, onProgress)) };
}

/** Whether there are no problems. */
export function isSound({ bases, starts, broken, cut }: Findings): boolean {
  const areBasesSound = bases.every(({ problem }) => problem === undefined);
  return areBasesSound && starts.length > 0 && broken.length === 0 && cut === undefined;
}

async function examineBase(
  directory: LogDirectory,
  base: BaseFile,
  checkBase: BaseCheck,
): Promise<BaseFinding> {
  try {
    const facts = await checkBase(directory.pathOf(base.name));
    return { base, facts, problem: disagreement(directory.manifest, base, facts) };
  } catch (error) {
    if (isMissing(error)) return { base, facts: undefined, problem: 'it is missing' };
    if (!(error instanceof BaseDamageError)) throw error;
    return { base, facts: undefined, problem: error.message };
  }
}

function disagreement(
  { replicationId: logId }: Manifest,
  base: BaseFile,
  { offset, replicationId = logId }: BaseFacts,
): string | undefined {
  if (base.offset !== undefined && offset !== undefined && offset !== base.offset) {
    return `it is of offset ${offset}, and the manifest says ${base.offset}`;
  }
  if (logId !== '' && replicationId !== logId) {
    return `it belongs to another log, with the replication id ${replicationId}`;
  }
  return undefined;
}

function startsOf(manifest: Manifest, findings: readonly BaseFinding[]): StartingPoint[] {
  const sound = findings.filter(({ problem }) => problem === undefined);
  if (sound.length > 0) return sound.map(({ base }) => ({ base, offset: base.offset ?? 0 }));
  // A base at offset 0 holds data from before the log, which nothing can replace.
  const isBeginningHeld = findings.every(({ base }) => (base.offset ?? 0) > 0);
  const beginsAt = incrementsOf(manifest)[0]?.start ?? 0;
  return isBeginningHeld && beginsAt === 0 ? [{ base: undefined, offset: 0 }] : [];
}

type LogFindings = Omit<Findings, 'bases'>;

async function readLog(
  directory: LogDirectory,
  starts: readonly StartingPoint[],
  onProgress: InspectionProgress,
): Promise<LogFindings> {
  const segments = new Map<string, RecoveredSegment>();
  const broken: BrokenRange[] = [];
  for (let first = 0; ; ) {
    const from = starts[first]?.offset ?? incrementsOf(directory.manifest)[0]?.start ?? 0;
    const found = await readFrom(directory, from, onProgress);
    for (const segment of found.segments) segments.set(segment.name, segment);
    const { cut, problem } = found;
    const next =
      cut === undefined
        ? -1
        : starts.findIndex(({ offset }, i) => i > first && offset > cut.offset);
    if (next < 0) {
      return { ...found, segments: [...segments.values()], starts: starts.slice(first), broken };
    }
    broken.push({ starts: starts.slice(first, next), problem });
    first = next;
  }
}

type Reading = Pick<Findings, 'segments' | 'offset' | 'commands' | 'cut' | 'problem'>;

/** Reads the increments from an offset on. */
async function readFrom(
  directory: LogDirectory,
  from: number,
  onProgress: InspectionProgress,
): Promise<Reading> {
  const reader = new CommandReader();
  let commands = 0;
  try {
    const recovery = await recover(directory, {
      from,
      loadTruncated: true,
      onGroup({ bytes }) {
        commands += reader.forEach(bytes, () => {});
      },
      onProgress: progressOver(directory, onProgress),
    });
    return { ...recovery, commands, problem: tornText(recovery), cut: recovery.torn };
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    const { found, offset, message } = error;
    const cut = cutAt(directory, error);
    return { segments: found, offset, commands, problem: `damage: ${message}`, cut };
  }
}

/** Converts recovery's progress over all files to progress in each file. */
function progressOver(
  directory: LogDirectory,
  onProgress: InspectionProgress,
): (readBytes: number) => void {
  let totalBytes = 0;
  for (const { name } of incrementsOf(directory.manifest)) {
    totalBytes += sizeOf(directory.fs, directory.pathOf(name));
  }
  let before = 0;
  let last = 0;
  return (readBytes) => {
    if (readBytes < last) before += last;
    last = readBytes;
    onProgress('increments', before + last, totalBytes);
  };
}

function tornText({ torn }: Recovery): string {
  if (torn === undefined) return '';
  const { segment, position, bytes, reason } = torn;
  return `torn end: ${segment.name}, byte ${position}: ${reason}; ${bytes} bytes are not whole`;
}

/** Where the log must be cut when it cannot be read further. */
function cutAt(directory: LogDirectory, { file, position, offset }: DamageError): Cut {
  const files = incrementsOf(directory.manifest);
  const index = files.findIndex(({ name }) => name === file);
  const isGone = sizeOf(directory.fs, directory.pathOf(file)) === 0;
  const laterSegments = files.slice(index + 1);
  return { segment: files[index], position: isGone ? 0 : position, offset, laterSegments };
}

function incrementsOf({ keptSegments, segments }: Manifest): SegmentFile[] {
  return [...keptSegments, ...segments];
}
