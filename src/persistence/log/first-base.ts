// The file that a new log begins with, where there is data already: a copy of the snapshot, or the one file of
// a Redis before 7. The manifest names it before it gets its name: if the server is killed in between, or during the
// copy, the next start can do the same again.
//
//   copy, on disk ──▶ manifest names it ──▶ renamed         killed before: there is no log yet
//                                      └── killed: the manifest's only file is missing ──▶ once more
import { closeSync, constants, existsSync, renameSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openRegular } from '../../files/regular-file.ts';
import { openTemporary } from '../../files/temporary-file.ts';
import type { Logger } from '../../logging/logger.ts';
import { realFileSystem, syncDirectory, syncFile } from '../segments/file-system.ts';
import type { LogDirectory } from '../segments/log-directory.ts';

/** Number of the first base. */
const FIRST = 1;

/** Makes a new log begin with a copy of a snapshot. @throws the system's error */
export async function beginWithCopy(directory: LogDirectory, snapshot: string): Promise<void> {
  const name = firstName(directory);
  await directory.create();
  // What is left of it is deleted when the log is opened.
  const { fd, path } = openTemporary(directory.pathOf(name));
  closeSync(fd);
  // Clients get the error that data is being loaded meanwhile.
  await copyFile(snapshot, path, constants.COPYFILE_FICLONE);
  await syncFile(directory.fs, path);
  await becomeBase(directory, name);
  directory.fs.rename(path, directory.pathOf(name));
  await syncDirectory(directory.fs, directory.path);
}

/** Whether that was interrupted before the copy got its name. */
export function lacksFirstCopy(directory: LogDirectory): boolean {
  const { bases, keptSegments, segments } = directory.manifest;
  if (bases.length !== 1 || keptSegments.length + segments.length > 0) return false;
  const [{ name }] = bases;
  return name === firstName(directory) && !existsSync(directory.pathOf(name));
}

/** Moves the one file of an older Redis into the directory, as its base: as Redis does. */
export async function takeOverSingleFile(
  log: Logger,
  { dataPath, baseName }: { readonly dataPath: string; readonly baseName: string },
  directory: LogDirectory,
): Promise<void> {
  const { bases, segments } = directory.manifest;
  const single = join(dataPath, baseName);
  const [only] = bases;
  // Also when it was interrupted between the manifest and the move.
  const isMoving = only?.name === baseName && !existsSync(directory.pathOf(only.name));
  if (!existsSync(single) || segments.length > 0 || (only !== undefined && !isMoving)) return;
  // It is moved only if it is an AOF file.
  closeSync(openRegular(single, 'r'));
  await becomeBase(directory, baseName);
  renameSync(single, directory.pathOf(baseName));
  await syncDirectory(realFileSystem, directory.path);
  await syncDirectory(realFileSystem, dataPath);
  log.info({ path: single }, 'The append only file of an older Redis was taken over');
}

function firstName(directory: LogDirectory): string {
  return directory.baseFileName(FIRST, false);
}

/** Makes a new log begin with a file. */
async function becomeBase(directory: LogDirectory, name: string): Promise<void> {
  await directory.create();
  await directory.update((manifest) => ({
    ...manifest,
    bases: [{ name, seq: FIRST, offset: 0 }],
  }));
}
