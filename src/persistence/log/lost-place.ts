// Whether a log that is lost may begin anew at its place. It may if no other files are in the way:
// the directory was deleted or moved away, or its files were. It must not if another log is there by now, or if its
// file system is not mounted any more: what is written to the mount point would be hidden as soon as it is back.
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LogDirectory } from '../segments/log-directory.ts';
import { LostLogError } from '../segments/lost-log-error.ts';
import type { LockedPlace } from './log-lock.ts';

/** The file systems of a log's directory and of the one that it is in. */
export interface PlaceDevices {
  readonly own: number;
  readonly parent: number;
}

/** Those of a directory that is there. @throws the system's error */
export function devicesOf(path: string): PlaceDevices {
  return { own: statSync(path).dev, parent: statSync(dirname(path)).dev };
}

/**
 * What keeps a log from beginning anew.
 * @param directory of the log that is lost
 * @returns the reason; undefined when nothing does
 * @throws the system's error
 */
export function obstacleAt(
  { path, baseName }: LockedPlace,
  devices: PlaceDevices,
  directory: LogDirectory,
): string | undefined {
  const parent = statSync(dirname(path), { throwIfNoEntry: false });
  if (parent === undefined) return `${dirname(path)} is gone`;
  const isMounted = parent.dev === devices.parent;
  const own = statSync(path, { throwIfNoEntry: false });
  if (!isMounted || (own?.dev ?? parent.dev) !== devices.own) {
    return `${path} is not on the file system that it was on`;
  }
  if (own === undefined || isOwn(directory)) return undefined;
  const found = LogDirectory.read(path, baseName);
  const isTaken = found.exists || found.filesThere().length > 0;
  return isTaken ? `there is another log in ${path}` : undefined;
}

function isOwn(directory: LogDirectory): boolean {
  try {
    directory.requireOwn();
    return true;
  } catch (error) {
    if (error instanceof LostLogError) return false;
    throw error;
  }
}
