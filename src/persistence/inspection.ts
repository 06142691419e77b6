// What `synap-check` does: reads all of a log's directory, tells what it found, and repairs it.
// Finding changes nothing. Repairing keeps a copy of what it removes, and cuts the log where it is
// damaged: what is left is always the beginning of what was written.

import { CommandReader } from './commands-of.ts';
import { sizeOf } from './file-system.ts';
import { LogDirectory } from './log-directory.ts';
import type { BaseFile, Manifest, SegmentFile } from './manifest.ts';
import { DamageError, type RecoveredSegment, type Recovery, recover } from './recovery.ts';
import { type Cut, cutTail } from './repair.ts';

/** Checks a base; rejects with what is wrong with it. */
export type BaseCheck = (path: string) => Promise<void>;

export interface InspectionOptions {
  /** `appendfilename`. */
  readonly baseName: string;
  readonly fix: boolean;
  /** Without it, only that the bases are there is checked. */
  readonly checkBase?: BaseCheck | undefined;
  /** Told each line of the report. */
  print(line: string): void;
}

/** What became of it: exit codes of the program. */
export const SOUND = 0;
/** Damaged, and not repaired, or not repairable. */
export const DAMAGED = 1;
/** The check itself could not be done. */
export const UNUSABLE = 2;
export type Verdict = typeof SOUND | typeof DAMAGED | typeof UNUSABLE;

/**
 * Checks a log's directory.
 * @throws ManifestError, or the system's error
 */
export async function inspect(path: string, options: InspectionOptions): Promise<Verdict> {
  const { print } = options;
  const directory = LogDirectory.read(path, options.baseName);
  if (!directory.exists) {
    print(`${path}: there is no ${options.baseName}.manifest`);
    return UNUSABLE;
  }
  printManifest(directory.manifest, print);
  const areBasesSound = await checkBases(directory, options);
  const isLogSound = await checkLog(directory, options);
  const isSound = areBasesSound && isLogSound;
  print(isSound ? 'all is well' : 'there is damage that is not repaired');
  return isSound ? SOUND : DAMAGED;
}

function printManifest(manifest: Manifest, print: (line: string) => void): void {
  const { replicationId, bases, keptSegments, segments } = manifest;
  const origin = replicationId === '' ? 'written by Redis' : `replication id ${replicationId}`;
  print(`manifest: ${origin}`);
  print(`  ${bases.length} bases, ${keptSegments.length + segments.length} increments`);
}

async function checkBases(
  directory: LogDirectory,
  { checkBase, print }: InspectionOptions,
): Promise<boolean> {
  let isSound = true;
  const present = new Set(directory.fs.list(directory.path));
  for (const base of directory.manifest.bases) {
    const problem = present.has(base.name)
      ? await problemOf(directory.pathOf(base.name), checkBase)
      : 'it is missing';
    print(`${base.name}: base${placeOf(base)}, ${problem ?? soundness(checkBase)}`);
    if (problem !== undefined) isSound = false;
  }
  return isSound;
}

function soundness(checkBase: BaseCheck | undefined): string {
  return checkBase === undefined ? 'contents not checked' : 'sound';
}

function placeOf({ offset }: BaseFile): string {
  return offset === undefined ? '' : ` of offset ${offset}`;
}

async function problemOf(
  path: string,
  checkBase: BaseCheck | undefined,
): Promise<string | undefined> {
  try {
    await checkBase?.(path);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function checkLog(directory: LogDirectory, options: InspectionOptions): Promise<boolean> {
  const { print, fix } = options;
  const found = await readLog(directory);
  for (const segment of found.segments) printSegment(segment, print);
  print(`the log ends at offset ${found.offset}, after ${found.commands} commands`);
  const { cut } = found;
  if (cut === undefined) return true;
  print(found.problem);
  if (!fix) return false;
  const copies = await cutTail(directory, cut);
  print(`repaired: the log ends at offset ${cut.offset}; what was cut is in ${copies.join(', ')}`);
  const again = await readLog(directory);
  return again.cut === undefined;
}

function printSegment(segment: RecoveredSegment, print: (line: string) => void): void {
  const { name, start, end, groups, sizeBytes, isPlain } = segment;
  const contents = isPlain ? 'with commands of Redis, without checksums' : `${groups} groups`;
  print(`${name}: offsets ${start} to ${end}, ${sizeBytes} bytes, ${contents}`);
}

interface Found {
  readonly segments: readonly RecoveredSegment[];
  readonly offset: number;
  readonly commands: number;
  readonly problem: string;
  readonly cut: Cut | undefined;
}

/** Reads all increments, those of older generations too. */
async function readLog(directory: LogDirectory): Promise<Found> {
  const reader = new CommandReader();
  let commands = 0;
  const { keptSegments, segments } = directory.manifest;
  const files = [...keptSegments, ...segments];
  try {
    const recovery = await recover(directory, {
      from: files[0]?.start ?? 0,
      loadTruncated: true,
      onGroup({ bytes }) {
        commands += reader.forEach(bytes, () => {});
      },
    });
    return { ...recovery, commands, problem: tornText(recovery), cut: recovery.torn };
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    const { found, offset, message } = error;
    const cut = cutAt(directory, files, error);
    return { segments: found, offset, commands, problem: `damage: ${message}`, cut };
  }
}

function tornText({ torn }: Recovery): string {
  if (torn === undefined) return '';
  const { segment, position, bytes, reason } = torn;
  return `torn end: ${segment.name}, byte ${position}: ${reason}; ${bytes} bytes are not whole`;
}

/** Where the log must end when it cannot be read on from a place. */
function cutAt(
  directory: LogDirectory,
  files: readonly SegmentFile[],
  { file, position, offset }: DamageError,
): Cut {
  const index = files.findIndex(({ name }) => name === file);
  const isMissing = sizeOf(directory.fs, directory.pathOf(file)) === 0;
  const segment = files[index];
  const laterSegments = files.slice(index + 1);
  return { segment, position: isMissing ? 0 : position, offset, laterSegments };
}
