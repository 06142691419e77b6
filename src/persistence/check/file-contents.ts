// Reads one file to its end, a snapshot in RDB format, commands in AOF syntax, or the one followed by the
// other, and reports what is in it and where it is damaged. Each value is discarded as soon as it was read, so
// memory is bounded by the largest value.
import { statSync } from 'node:fs';
import { Keyspace } from '../../keyspace/keyspace.ts';
import { valueTypes } from '../../types/index.ts';
import { RdbError } from '../rdb/format/rdb-format.ts';
import { RdbFileReader, readRdbFile } from '../rdb/rdb-file-reader.ts';
import { hasPreamble } from '../recovery/aof-file.ts';
import { AofScanner } from '../recovery/aof-scanner.ts';
import { CommandReader } from '../recovery/commands-of.ts';
import { scan } from '../recovery/recovery.ts';
import { realFileSystem as fs } from '../segments/file-system.ts';
import { Lz4Error } from '../snapshots/lz4-frames.ts';
import { SnapshotPieces } from '../snapshots/snapshot-pieces.ts';
import type { InspectionProgress } from './base-check.ts';
import { KeyCounter } from './key-counter.ts';

/** Where and why a file cannot be read further. */
export interface Damage {
  readonly position: number;
  readonly reason: string;
}

/** A snapshot that was read. */
export interface SnapshotContents {
  readonly version: number;
  readonly hasChecksum: boolean;
  readonly counter: KeyCounter;
  /** Position after it, where commands follow, or of the damage. */
  readonly end: number;
  /** Number of bytes after it, where there should be none. */
  readonly restBytes: number;
}

/** Commands that were read. */
export interface CommandContents {
  readonly commands: number;
  /** Whether they are in groups, as in an increment of Synap's. */
  readonly hasGroups: boolean;
}

/** The contents of a file, up to the damage. */
export interface FileContents {
  readonly snapshot: SnapshotContents | undefined;
  readonly commands: CommandContents | undefined;
  readonly damage: Damage | undefined;
  readonly sizeBytes: number;
}

/** What a file is expected to contain, and a callback for progress. */
export interface Expectation {
  /** A snapshot and nothing else, or commands, behind a snapshot or without one. */
  readonly kind: 'snapshot' | 'commands';
  /** Name of the file in reports of progress. */
  readonly name: string;
  readonly onProgress: InspectionProgress;
}

/**
 * Reads a file.
 * @throws the system's error
 */
export async function readContents(path: string, wanted: Expectation): Promise<FileContents> {
  const sizeBytes = statSync(path).size;
  if (wanted.kind === 'commands' && !(await hasPreamble(path))) {
    const { contents: commands, damage } = await readCommands(path, 0, wanted);
    return { snapshot: undefined, commands, damage, sizeBytes };
  }
  const { contents: snapshot, damage } = await readSnapshot(path, sizeBytes, wanted);
  const isOver = damage !== undefined || snapshot.end === sizeBytes;
  if (isOver || wanted.kind === 'snapshot') {
    return { snapshot, commands: undefined, damage, sizeBytes };
  }
  const rest = await readCommands(path, snapshot.end, wanted);
  return { snapshot, commands: rest.contents, damage: rest.damage, sizeBytes };
}

interface Read<Contents> {
  readonly contents: Contents;
  readonly damage: Damage | undefined;
}

async function readSnapshot(
  path: string,
  sizeBytes: number,
  { kind, name, onProgress }: Expectation,
): Promise<Read<SnapshotContents>> {
  const counter = new KeyCounter();
  const reader = new RdbFileReader(new Keyspace(valueTypes, 1), counter);
  const file = new SnapshotPieces(path);
  const pieces = file[Symbol.asyncIterator]();
  let damage: Damage | undefined;
  let restBytes = 0;
  try {
    await readRdbFile(reader, pieces, () => onProgress(name, file.readBytes, sizeBytes));
    if (kind === 'snapshot') {
      restBytes = reader.rest.length;
      for await (const piece of pieces) restBytes += piece.length;
    }
  } catch (error) {
    if (error instanceof Lz4Error) damage = { position: error.position, reason: error.problem };
    else if (error instanceof RdbError) damage = { position: error.offset, reason: error.problem };
    else throw error;
  } finally {
    await pieces.return(undefined);
  }
  const { version, hasChecksum, offset: end } = reader;
  return { contents: { version, hasChecksum, counter, end, restBytes }, damage };
}

async function readCommands(
  path: string,
  position: number,
  { name, onProgress }: Expectation,
): Promise<Read<CommandContents>> {
  const reader = new CommandReader();
  let commands = 0;
  let hasGroups = false;
  const fd = fs.open(path, 'r');
  try {
    const end = fs.size(fd);
    const range = { file: name, position, offset: undefined, end, isOwn: false };
    const scanner = new AofScanner(fs, fd, range);
    const { problem: damage } = await scan(scanner, {
      from: 0,
      loadTruncated: true,
      onGroup({ bytes }) {
        if (!scanner.hasPlain) hasGroups = true;
        commands += reader.forEach(bytes, () => {});
      },
      onProgress: (readBytes) => onProgress(name, readBytes, end),
    });
    return { contents: { commands, hasGroups }, damage };
  } finally {
    fs.close(fd);
  }
}
