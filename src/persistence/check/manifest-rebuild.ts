// Rebuilds the manifest from the files of a log, when it is missing or damaged. The files contain almost everything
// that it said: names give kind and order, the groups of an increment its start offset, and a base its offset and
// the replication id. An increment without groups (written by Redis) begins where the one before it ends. Files that
// do not fit together are refused, unless they are older than the newest base: then they are left out. Files of an
// unfinished history (unfinished-history.ts) are ignored.

import { join } from 'node:path';
import { AofScanner, type Problem } from '../recovery/aof-scanner.ts';
import { scan } from '../recovery/recovery.ts';
import { freeName, type Renaming, setAside } from '../recovery/repair.ts';
import { copyRange, type FileSystem, replaceFile } from '../segments/file-system.ts';
import { withBases } from '../segments/generations.ts';
import {
  type GroupHeader,
  HEADER_BYTES,
  headerPlace,
  readGroupHeader,
} from '../segments/group-header.ts';
import { manifestName } from '../segments/log-directory.ts';
import { formatManifest, type Manifest, newReplicationId } from '../segments/manifest.ts';
import { STAMP_BYTES } from '../segments/time-stamp.ts';
import { unfinishedAmong } from '../segments/unfinished-history.ts';
import {
  type BaseCheck,
  BaseDamageError,
  type BaseFacts,
  type InspectionProgress,
} from './base-check.ts';

/** The files contradict each other, or a required one is missing. */
export class RebuildError extends Error {}

/** A file that will not be part of the log, and its new name. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
  readonly suffix: '.damaged' | '.dropped';
}

/** The new manifest. */
export interface RebuildPlan {
  readonly manifest: Manifest;
  /** Whether its replication id was found in a base. */
  readonly hasKnownId: boolean;
  readonly leftOut: readonly LeftOut[];
}

/** Dependencies for reading the files. */
export interface RebuildTools {
  readonly checkBase: BaseCheck;
  readonly onProgress: InspectionProgress;
  readonly fs: FileSystem;
}

/** A complete base; those of Redis have no offset. */
interface Base {
  readonly name: string;
  readonly seq: number;
  readonly facts: BaseFacts;
  /** 0 for a base of Redis, as its log begins with it. */
  readonly offset: number;
}

/** An increment that was read. */
interface Increment {
  readonly name: string;
  readonly seq: number;
  /** Its start offset, as its first group states it. */
  readonly start: number | undefined;
  /** Bytes of the stream in it, up to the problem. */
  readonly length: number;
  readonly problem: Problem | undefined;
}

/**
 * Reads all files and makes the manifest; changes nothing.
 * @returns undefined when there are no files of a log
 * @throws RebuildError, or the system's error
 */
export async function planManifest(
  path: string,
  baseName: string,
  tools: RebuildTools,
): Promise<RebuildPlan | undefined> {
  const there = tools.fs.list(path);
  const unfinished = new Set(
    unfinishedAmong(there, { fs: tools.fs, path, baseName }, new Set<string>()),
  );
  const names = there.filter((name) => !unfinished.has(name));
  const leftOut: LeftOut[] = [];
  const bases = await readBases(path, basesAmong(names, baseName), tools, leftOut);
  const increments: Increment[] = [];
  for (const file of incrementsAmong(names, baseName)) {
    increments.push(await readIncrement(path, file, tools));
  }
  if (bases.length + increments.length + leftOut.length === 0) return undefined;
  if (bases.length === 0 && leftOut.length > 0) {
    const problems = leftOut.map(({ name, reason }) => `${name}: ${reason}`);
    throw new RebuildError(`no base is sound (${problems.join('; ')})`);
  }
  refuseUnclearBases(bases, increments);
  const placed = placesOf(increments, bases);
  const chain = chainOf(placed, bases.at(-1)?.offset ?? 0, leftOut);
  const usable = usableBases(bases, chain, leftOut);
  const id = idOf(bases);
  const all: Manifest = {
    replicationId: id ?? newReplicationId(),
    bases: [],
    keptSegments: [],
    segments: chain.map(({ name, seq, start }) => ({ name, seq, start })),
    history: [],
  };
  const kept = usable.map(({ name, seq, offset }) => ({ name, seq, offset }));
  const [oldest, newest] = [kept[0]?.offset ?? 0, kept.at(-1)?.offset ?? 0];
  const manifest = withBases(all, { bases: kept, oldest, newest });
  noteUnneeded(chain, manifest, leftOut);
  return { manifest, hasKnownId: id !== undefined, leftOut };
}

/**
 * Writes the new manifest; a damaged old one is kept under another name, and files that are left out are renamed.
 * @throws the system's error
 */
export async function putManifest(
  path: string,
  baseName: string,
  { manifest, leftOut }: RebuildPlan,
  fs: FileSystem,
): Promise<{ copy: string | undefined; renamings: Renaming[] }> {
  const name = manifestName(baseName);
  let copy: string | undefined;
  if (fs.list(path).includes(name)) {
    copy = freeName(fs, path, `${name}.damaged`);
    const fd = fs.open(join(path, name), 'r');
    try {
      await copyRange(fs, fd, 0, fs.size(fd), join(path, copy));
    } finally {
      fs.close(fd);
    }
  }
  // There must be a manifest at any time: without it, the directory would be taken for a new log.
  await replaceFile(fs, join(path, name), formatManifest(manifest));
  const suffixes = new Map(leftOut.map((file) => [file.name, file.suffix]));
  const suffixOf = (file: string) => suffixes.get(file) ?? '.dropped';
  const renamings = await setAside(fs, path, suffixes.keys(), suffixOf);
  return { copy, renamings };
}

// ── Bases ───────────────────────────────────────────────────────────────────────────────────────

interface NamedFile {
  readonly name: string;
  readonly seq: number;
}

/** The bases, from old to new. As in Redis, the single file of older versions counts as number 1. */
function basesAmong(names: readonly string[], baseName: string): NamedFile[] {
  const isEnding = (ending: string) => /^\.[1-9]\d*\.base\.(rdb|rdb\.lz4|aof)$/.test(ending);
  const files = filesAmong(names, baseName, isEnding);
  if (names.includes(baseName)) files.unshift({ name: baseName, seq: 1 });
  return files;
}

function incrementsAmong(names: readonly string[], baseName: string): NamedFile[] {
  return filesAmong(names, baseName, (ending) => /^\.[1-9]\d*\.incr\.aof$/.test(ending));
}

function filesAmong(
  names: readonly string[],
  baseName: string,
  isEnding: (ending: string) => boolean,
): NamedFile[] {
  return names
    .filter((name) => name.startsWith(baseName) && isEnding(name.slice(baseName.length)))
    .map((name) => ({ name, seq: Number(name.slice(baseName.length).split('.')[1]) }))
    .sort((a, b) => a.seq - b.seq);
}

async function readBases(
  path: string,
  files: readonly NamedFile[],
  { checkBase }: RebuildTools,
  leftOut: LeftOut[],
): Promise<Base[]> {
  const bases: Base[] = [];
  for (const { name, seq } of files) {
    try {
      const facts = await checkBase(join(path, name));
      bases.push({ name, seq, facts, offset: facts.offset ?? 0 });
    } catch (error) {
      if (!(error instanceof BaseDamageError)) throw error;
      leftOut.push({ name, reason: error.message, suffix: '.damaged' });
    }
  }
  return bases;
}

function refuseUnclearBases(bases: readonly Base[], increments: readonly Increment[]): void {
  for (const [index, base] of bases.entries()) {
    const older = bases[index - 1];
    if (older?.seq === base.seq) {
      throw new RebuildError(`${older.name} and ${base.name} have the same number`);
    }
    if (older !== undefined && base.facts.offset === undefined) {
      throw new RebuildError(`${base.name} does not state its offset, and there is ${older.name}`);
    }
    if (older !== undefined && older.offset > base.offset) {
      const places = `offset ${base.offset} is before offset ${older.offset} of ${older.name}`;
      throw new RebuildError(`${base.name} is newer, but its ${places}`);
    }
  }
  // Each rewrite of Redis's begins an increment: none of its base has a smaller number.
  const [first] = bases;
  const early = increments.find(({ seq }) => seq < first?.seq);
  if (first?.facts.offset === undefined && early !== undefined) {
    throw new RebuildError(`${first.name} does not state its offset, and ${early.name} is older`);
  }
}

/** The replication id that the bases state. */
function idOf(bases: readonly Base[]): string | undefined {
  const told = bases.filter(({ facts }) => facts.replicationId !== undefined);
  const [first] = told;
  const other = told.find(({ facts }) => facts.replicationId !== first.facts.replicationId);
  if (other === undefined) return first?.facts.replicationId;
  throw new RebuildError(`${first.name} and ${other.name} are of different logs`);
}

/** The bases whose offset is the start of an increment, or the end of the last. */
function usableBases(
  bases: readonly Base[],
  chain: readonly Increment[],
  leftOut: LeftOut[],
): Base[] {
  const last = chain.at(-1);
  const end = (last?.start ?? 0) + (last?.length ?? 0);
  const isPlaced = ({ offset }: Base) =>
    chain.length === 0 || offset >= end || chain.some(({ start }) => start === offset);
  const newest = bases.at(-1);
  if (newest !== undefined && !isPlaced(newest)) {
    throw new RebuildError(
      `no increment begins at offset ${newest.offset}, that of ${newest.name}`,
    );
  }
  const usable = bases.filter(isPlaced);
  for (const { name, offset } of bases) {
    if (usable.some((base) => base.name === name)) continue;
    const reason = `as no increment begins at its offset ${offset}`;
    leftOut.push({ name, reason, suffix: '.dropped' });
  }
  return usable;
}

// ── Increments ──────────────────────────────────────────────────────────────────────────────────

async function readIncrement(
  path: string,
  { name, seq }: NamedFile,
  { fs, onProgress }: RebuildTools,
): Promise<Increment> {
  const fd = fs.open(join(path, name), 'r');
  try {
    const end = fs.size(fd);
    const header = await readFirstHeader(fs, fd);
    const range = { file: name, position: 0, offset: undefined, end, isOwn: true };
    const scanner = new AofScanner(fs, fd, range);
    const { start, problem } = await scan(scanner, {
      from: Number.POSITIVE_INFINITY,
      loadTruncated: true,
      onGroup: () => {},
      onProgress: (readBytes) => onProgress(name, readBytes, end),
    });
    const length = start === undefined ? 0 : scanner.offset - start;
    return { name, seq, start: header?.start, length, problem };
  } finally {
    fs.close(fd);
  }
}

/** The annotation of the group that a file begins with; undefined when it does not. */
async function readFirstHeader(fs: FileSystem, fd: number): Promise<GroupHeader | undefined> {
  const beginning = Buffer.alloc(STAMP_BYTES + HEADER_BYTES);
  const count = await fs.read(fd, beginning, 0, beginning.length, 0);
  const at = headerPlace(beginning, 0, count);
  return count < at + HEADER_BYTES ? undefined : readGroupHeader(beginning, at, at);
}

/** Computes the starts of increments that do not state theirs from those that do. */
function placesOf(increments: readonly Increment[], bases: readonly Base[]): Increment[] {
  const placed = [...increments];
  const isNext = (i: number) => placed[i].seq === placed[i - 1].seq + 1;
  const follow = () => {
    for (let i = 1; i < placed.length; i++) {
      const { start, length, problem } = placed[i - 1];
      if (placed[i].start !== undefined || start === undefined || problem !== undefined) continue;
      if (isNext(i)) placed[i] = { ...placed[i], start: start + length };
    }
  };
  follow();
  for (let i = placed.length - 1; i > 0; i--) {
    const next = placed[i].start;
    const { start, length, problem } = placed[i - 1];
    if (start !== undefined || next === undefined || problem !== undefined) continue;
    if (isNext(i) && next >= length) placed[i - 1] = { ...placed[i - 1], start: next - length };
  }
  if (placed.length > 0 && placed.every(({ start }) => start === undefined)) {
    placed[0] = { ...placed[0], start: beginningOf(placed, bases) };
    follow();
  }
  return placed;
}

/**
 * The start of the first increment if none states its own: 0 for a log of Redis, the base's offset for an empty one.
 */
function beginningOf(increments: readonly Increment[], bases: readonly Base[]): number | undefined {
  const [{ problem, length }] = increments;
  if (problem !== undefined && length === 0) return undefined;
  if (bases.every(({ facts }) => facts.offset === undefined)) return 0;
  const isEmpty = increments.every((increment) => increment.length === 0);
  return isEmpty ? bases.at(-1)?.offset : undefined;
}

/**
 * The newest increments, as many as follow one another without a gap.
 * @param offset where they have to begin at the latest
 */
function chainOf(
  placed: readonly Increment[],
  offset: number,
  leftOut: LeftOut[],
): readonly Increment[] {
  let first = placed.length;
  let reason = '';
  while (first > 0 && reason === '') {
    reason = contradiction(placed[first - 1], placed[first]) ?? '';
    if (reason === '') first--;
  }
  const chain = placed.slice(first);
  const start = chain[0]?.start;
  if (start !== undefined && start > offset) {
    const beginning = `the increments reach back to offset ${start} only, and not to ${offset}`;
    throw new RebuildError(reason === '' ? beginning : reason);
  }
  if (start === undefined && reason !== '') throw new RebuildError(reason);
  for (const { name, start: leftStart = 0, length } of placed.slice(0, first)) {
    // It has changes that the newest base does not contain.
    if (leftStart + length > offset) throw new RebuildError(reason);
    leftOut.push({ name, reason: `as ${reason}`, suffix: '.dropped' });
  }
  return chain;
}

/** Why an increment cannot precede the next one. */
function contradiction(increment: Increment, next: Increment | undefined): string | undefined {
  const { name, start, length, problem } = increment;
  if (start === undefined) return `it is unknown at which offset ${name} begins`;
  if (next?.start === undefined) return undefined;
  const end = start + length;
  if (end > next.start) {
    return `${name} and ${next.name} both have what is at offset ${Math.max(start, next.start)}`;
  }
  if (end < next.start && problem === undefined) {
    return `${name} ends at offset ${end}, and ${next.name} begins at ${next.start}`;
  }
  return undefined;
}

function noteUnneeded(
  chain: readonly Increment[],
  { keptSegments, segments }: Manifest,
  leftOut: LeftOut[],
): void {
  const needed = new Set([...keptSegments, ...segments].map(({ name }) => name));
  for (const { name } of chain) {
    if (needed.has(name)) continue;
    leftOut.push({ name, reason: 'as no base needs it', suffix: '.dropped' });
  }
}
