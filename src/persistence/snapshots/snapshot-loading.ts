// Loads a snapshot's file into the keyspace: in slices at the start, at once for DEBUG RELOAD. Errors contain the
// file's path, the place in it, and what can be done.
import { closeSync, fstatSync, readSync, statSync } from 'node:fs';
import type { Values } from '../../config/directives.ts';
import { systemMessage } from '../../config/error.ts';
import { openRegular } from '../../files/regular-file.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import { RdbError } from '../rdb/format/rdb-format.ts';
import { KeyspaceLoader, type LoadOptions } from '../rdb/keyspace-loader.ts';
import { RdbFileReader, readRdbFile } from '../rdb/rdb-file-reader.ts';
import { Lz4Error } from './lz4-frames.ts';
import { SnapshotPieces } from './snapshot-pieces.ts';

/** Bytes read at a time: they stay in the processor's cache while they are read through. */
const PIECE_BYTES = 256 * 1024;

/** The result of loading. */
export interface LoadResult {
  readonly loaded: number;
  readonly expired: number;
  /** Bytes of the file up to the snapshot's end. */
  readonly fileBytes: number;
  /** The file's auxiliary fields. */
  readonly aux: ReadonlyMap<string, string>;
  /** What was left out, by name. */
  readonly others: Readonly<Record<string, number>>;
}

/** There was nothing to load. */
export const NO_FILE: LoadResult = {
  loaded: 0,
  expired: 0,
  fileBytes: 0,
  aux: new Map(),
  others: {},
};

/** Called with the progress. */
type Progress = (loadedBytes: number, totalBytes: number) => void;

/**
 * Loads a file, if there is one, leaving the event loop to others every few milliseconds.
 * @param dropsExpired whether expired keys are left out: not if a log follows, which deletes them
 * @throws Error with path, place and remedy when it cannot be loaded
 */
export async function loadFile(
  path: string,
  keyspace: Keyspace,
  values: Values,
  onProgress: Progress,
  dropsExpired = true,
): Promise<LoadResult> {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return NO_FILE;
    const { loader, reader } = partsOf(keyspace, values, {
      fileBytes: stat.size,
      dropsExpired,
      replaces: false,
    });
    const pieces = new SnapshotPieces(path);
    const source = pieces[Symbol.asyncIterator]();
    try {
      await readRdbFile(reader, source, () => onProgress(pieces.readBytes, stat.size));
    } finally {
      await source.return(undefined);
    }
    return resultOf(loader, reader.offset);
  } catch (error) {
    throw problemOf(path, error);
  }
}

/**
 * As `loadFile`, at once, for a file that is there.
 * @param merges keys of the file take the place of those that there are
 */
export function loadFileNow(
  path: string,
  keyspace: Keyspace,
  values: Values,
  merges: boolean,
): LoadResult {
  const fd = openRegular(path, 'r');
  const options = { fileBytes: fstatSync(fd).size, dropsExpired: true, replaces: merges };
  const { loader, reader } = partsOf(keyspace, values, options);
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  try {
    while (reader.work(Number.POSITIVE_INFINITY) !== 'done') {
      const length = readSync(fd, piece, 0, PIECE_BYTES, null);
      if (length === 0) reader.finish();
      else reader.push(piece.subarray(0, length));
    }
    return resultOf(loader, reader.offset);
  } catch (error) {
    throw problemOf(path, error);
  } finally {
    reader.discard();
    closeSync(fd);
  }
}

function partsOf(
  keyspace: Keyspace,
  values: Values,
  options: Pick<LoadOptions, 'fileBytes' | 'dropsExpired' | 'replaces'>,
): { loader: KeyspaceLoader; reader: RdbFileReader } {
  const skipsUnknown = values['load-skip-unknown'];
  const loader = new KeyspaceLoader(keyspace, { skipsUnknown, ...options });
  return { loader, reader: new RdbFileReader(keyspace, loader, values.rdbchecksum) };
}

function resultOf(
  { loaded, expired, empty, skipped, aux }: KeyspaceLoader,
  fileBytes: number,
): LoadResult {
  const others = { ...(empty > 0 ? { empty } : {}), ...Object.fromEntries(skipped) };
  return { loaded, expired, fileBytes, aux, others };
}

function problemOf(path: string, error: unknown): Error {
  if (error instanceof RdbError || error instanceof Lz4Error) {
    return new Error(
      `${path}: ${error.message}; put an older copy in its place, or move it away to start empty`,
    );
  }
  return new Error(`${path}: cannot be loaded: ${systemMessage(error)}`);
}
