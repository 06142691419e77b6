// What `synap-check` does with a directory: reads all of a log, reports its findings line by line, and repairs it.
// Checking changes nothing. Repairing deletes nothing (repair.ts), and the repaired log is always the beginning of
// what was written: the newest complete snapshot, and the log up to the damage.

import type { RecoveredSegment } from '../recovery/recovery.ts';
import { cutTail, keepBases, type Renaming } from '../recovery/repair.ts';
import { type FileSystem, realFileSystem } from '../segments/file-system.ts';
import { LogDirectory, lockName, manifestName } from '../segments/log-directory.ts';
import { type Manifest, ManifestError } from '../segments/manifest.ts';
import { markName } from '../segments/unfinished-history.ts';
import { type BaseCheck, type InspectionProgress, remembering } from './base-check.ts';
import {
  type BaseFinding,
  examine,
  type Findings,
  isSound,
  type StartingPoint,
} from './log-findings.ts';
import { planManifest, putManifest, RebuildError, type RebuildPlan } from './manifest-rebuild.ts';

/** The result of running a log: which of its commands failed. */
export interface RunReport {
  readonly lines: readonly string[];
  /** Whether a server would start with it. */
  readonly starts: boolean;
}

export interface InspectionOptions {
  /** `appendfilename`. */
  readonly baseName: string;
  readonly fix: boolean;
  readonly checkBase: BaseCheck;
  /** Runs a sound log, from the files with these paths; without it the log is only read. */
  readonly runLog?: (files: readonly string[]) => Promise<RunReport>;
  /** Called with each line of the report. */
  print(line: string): void;
  onProgress?: InspectionProgress;
  readonly fs?: FileSystem;
}

/** Verdicts: exit codes of the program. */
export const SOUND = 0;
/** Damaged, and not repaired, or not repairable. */
export const DAMAGED = 1;
/** The check itself could not be done. */
export const UNUSABLE = 2;
export type Verdict = typeof SOUND | typeof DAMAGED | typeof UNUSABLE;

type Print = (line: string) => void;
const IGNORE: InspectionProgress = () => {};

/** Ends a report. */
export function conclude(isAllWell: boolean, print: Print): Verdict {
  print(isAllWell ? 'all is well' : 'there is damage that is not repaired');
  return isAllWell ? SOUND : DAMAGED;
}

/**
 * Checks a log's directory.
 * @throws the system's error
 */
export async function inspect(path: string, given: InspectionOptions): Promise<Verdict> {
  const options = { ...given, checkBase: remembering(given.checkBase) };
  const directory = openDirectory(path, options);
  return directory === undefined ? rebuild(path, options) : inspectLog(directory, options);
}

/** Opens the directory; prints why and returns undefined when there is no readable manifest. */
function openDirectory(path: string, options: InspectionOptions): LogDirectory | undefined {
  const { baseName, fs, print } = options;
  try {
    const directory = LogDirectory.read(path, baseName, fs);
    if (directory.exists) return directory;
    print(`${directory.pathOf(manifestName(baseName))}: it is missing`);
    printUnfinished(directory, print);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    print(error.message);
  }
  return undefined;
}

async function inspectLog(directory: LogDirectory, options: InspectionOptions): Promise<Verdict> {
  const { print, fix, checkBase, onProgress = IGNORE } = options;
  const strays = straysOf(directory);
  printManifest(directory.manifest, print);
  const findings = await examine(directory, checkBase, onProgress);
  printFindings(directory, findings, print);
  printUnfinished(directory, print);
  for (const name of strays) print(`${name}: not part of the log`);
  if (isSound(findings)) return run(directory, options);
  if (!fix) return conclude(false, print);
  if (findings.starts.length === 0) {
    print('this cannot be repaired: restore a base from a copy, or copy the data from a replica');
    return conclude(false, print);
  }
  await repair(directory, findings, print);
  if (!isSound(await examine(directory, checkBase, onProgress))) return conclude(false, print);
  return run(directory, options);
}

/** Runs a sound log, and ends the report. */
async function run(
  directory: LogDirectory,
  { runLog, print }: InspectionOptions,
): Promise<Verdict> {
  if (runLog === undefined) return conclude(true, print);
  const { bases, segments } = directory.manifest;
  const files = [...bases.slice(-1), ...segments].map(({ name }) => directory.pathOf(name));
  const { lines, starts } = await runLog(files);
  for (const line of lines) print(line);
  return conclude(starts, print);
}

// ── Reporting ───────────────────────────────────────────────────────────────────────────────────

function printManifest(manifest: Manifest, print: Print): void {
  const { replicationId, bases, keptSegments, segments } = manifest;
  const origin = replicationId === '' ? 'written by Redis' : `replication id ${replicationId}`;
  print(`manifest: ${origin}`);
  print(`  ${bases.length} bases, ${keptSegments.length + segments.length} increments`);
}

function printFindings({ manifest }: LogDirectory, findings: Findings, print: Print): void {
  const { bases, segments, starts, broken, offset, commands, cut, problem } = findings;
  for (const finding of bases) print(baseLine(finding));
  for (const segment of segments) print(segmentLine(segment));
  print(`the log ends at offset ${offset}, after ${commands} commands`);
  for (const range of broken) {
    print(range.problem);
    for (const start of range.starts) {
      print(`${nameOf(start)} is of no use: the log cannot be followed from it to the next base`);
    }
  }
  if (cut !== undefined) print(problem);
  const start = starts.at(-1);
  if (start === undefined) print(hopelessness(manifest));
  else if (start.base !== manifest.bases.at(-1)) {
    print(`the server would start from ${nameOf(start)} at offset ${start.offset}`);
  }
}

function baseLine({ base: { name, offset }, facts, problem }: BaseFinding): string {
  const place = offset === undefined ? '' : ` of offset ${offset}`;
  return `${name}: base${place}, ${problem ?? `${facts?.contents}, sound`}`;
}

function segmentLine({ name, start, end, groups, sizeBytes, isPlain }: RecoveredSegment): string {
  const contents = isPlain ? 'with commands of Redis, without checksums' : `${groups} groups`;
  return `${name}: offsets ${start} to ${end}, ${sizeBytes} bytes, ${contents}`;
}

function nameOf({ base }: StartingPoint): string {
  return base === undefined ? 'nothing' : `generation ${base.seq}, ${base.name},`;
}

function hopelessness({ bases, keptSegments, segments }: Manifest): string {
  const start = [...keptSegments, ...segments][0]?.start ?? 0;
  const reason =
    start > 0
      ? `the log reaches back to offset ${start} only`
      : 'what was there before the log began is in a base only';
  return `the server cannot start: ${bases.length > 0 ? 'no base is sound' : 'there is no base'}, and ${reason}`;
}

function printUnfinished(directory: LogDirectory, print: Print): void {
  for (const name of directory.unfinishedHistory()) {
    print(`${name}: of a log that was begun and never completed; the server deletes it`);
  }
}

/** Other files that the manifest does not name. */
function straysOf(directory: LogDirectory): string[] {
  const { fs, path, baseName, manifest } = directory;
  const { bases, keptSegments, segments, history } = manifest;
  const names = [...bases, ...keptSegments, ...segments].map(({ name }) => name);
  const others = [manifestName(baseName), lockName(baseName), markName(baseName)];
  const known = new Set([...others, ...names, ...history, ...directory.unfinishedHistory()]);
  const present = fs.list(path).sort();
  return present.filter((name) => !known.has(name));
}

// ── Repairing ───────────────────────────────────────────────────────────────────────────────────

async function repair(directory: LogDirectory, findings: Findings, print: Print): Promise<void> {
  const { bases, starts, cut } = findings;
  const kept = starts.flatMap(({ base }) => (base === undefined ? [] : [base]));
  if (kept.length < bases.length) {
    const damaged = bases.filter(({ problem }) => problem !== undefined);
    const renamings = await keepBases(
      directory,
      { bases: kept, oldest: starts[0].offset, newest: starts[starts.length - 1].offset },
      new Set(damaged.map(({ base }) => base.name)),
    );
    printRenamings(renamings, print);
    const start = starts[starts.length - 1];
    print(`repaired: the log begins with ${nameOf(start)} at offset ${start.offset}`);
  }
  if (cut !== undefined) {
    const copies = await cutTail(directory, cut);
    const place = copies.length === 0 ? 'nothing is left of what is cut' : copies.join(', ');
    print(`repaired: the log ends at offset ${cut.offset}; what was cut is in ${place}`);
  }
}

function printRenamings(renamings: readonly Renaming[], print: Print): void {
  for (const { from, to } of renamings) print(`repaired: ${from} is called ${to} now`);
}

async function rebuild(path: string, options: InspectionOptions): Promise<Verdict> {
  const { print, fix, baseName, checkBase, onProgress = IGNORE, fs = realFileSystem } = options;
  try {
    const plan = await planManifest(path, baseName, { checkBase, onProgress, fs });
    if (plan === undefined) {
      print(`${path}: there are no files of a log either`);
      return UNUSABLE;
    }
    printPlan(plan, print);
    if (!fix) return conclude(false, print);
    const { copy, renamings } = await putManifest(path, baseName, plan, fs);
    if (copy !== undefined) print(`repaired: the damaged manifest is kept as ${copy}`);
    printRenamings(renamings, print);
    print('repaired: the manifest was rebuilt');
  } catch (error) {
    if (!(error instanceof RebuildError)) throw error;
    print(`the manifest cannot be rebuilt from the files: ${error.message}`);
    return conclude(false, print);
  }
  return inspectLog(LogDirectory.read(path, baseName, fs), options);
}

function printPlan({ manifest, hasKnownId, leftOut }: RebuildPlan, print: Print): void {
  const { bases, keptSegments, segments, replicationId } = manifest;
  print('--fix rebuilds the manifest from the files:');
  print(`  replication id ${hasKnownId ? replicationId : 'that is new'}`);
  for (const { name, offset } of bases) print(`  ${name}: base of offset ${offset}`);
  if (bases.length === 0) print('  no base: the log begins with nothing');
  for (const { name, start } of [...keptSegments, ...segments]) {
    print(`  ${name}: increment from offset ${start}`);
  }
  for (const { name, reason } of leftOut) print(`  ${name}: left out, ${reason}`);
}
