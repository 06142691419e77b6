// The names of files until they are whole. Each writing has one of its own, opened exclusively: nobody,
// in this process or another one, ever writes to, renames or removes the file of somebody else. What a
// killed process has left is known by what its name ends in:
//
//   temp-<process id>-<random, of this process>-<number>.<beginning of the name that it is to get>
import { randomBytes } from 'node:crypto';
import { openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What the names of this process begin with: others may have its id, in containers of their own. */
export const OWN_PREFIX = `temp-${process.pid}-${randomBytes(4).toString('hex')}-`;

const FORM = /^temp-\d+-[0-9a-f]{8}-\d+\.(.*)$/s;
/** As much of the final name as surely leaves room within the 255 bytes that a name may have. */
const NAME_CHARACTERS = 50;
/** A file that nobody has written to for so long is nobody's any more: a snapshot grows all the time. */
const ABANDONED_MS = 600_000;

let count = 0;

/** A file that is being written. */
export interface TemporaryFile {
  readonly fd: number;
  readonly path: string;
}

/**
 * Makes the file that is to become `path`, beside it.
 * @throws the system's error
 */
export function openTemporary(path: string): TemporaryFile {
  count++;
  const name = `${OWN_PREFIX}${count}.${basename(path).slice(0, NAME_CHARACTERS)}`;
  const temporary = join(dirname(path), name);
  return { fd: openSync(temporary, 'wx', 0o644), path: temporary };
}

/** Whether a name is that of a file that was to get one beginning like this. */
export function isTemporaryOf(name: string, beginning: string): boolean {
  return FORM.exec(name)?.[1].startsWith(beginning.slice(0, NAME_CHARACTERS)) ?? false;
}

/**
 * Removes what was to become `path` and was abandoned, by whomever: only its age shows that a
 * process in another container does not write it any more.
 * @returns the names
 */
export function removeAbandoned(path: string, nowMs: number): string[] {
  const directory = dirname(path);
  const wanted = basename(path).slice(0, NAME_CHARACTERS);
  const names = readdirSync(directory).filter((name) => FORM.exec(name)?.[1] === wanted);
  return names.filter((name) => {
    const found = statSync(join(directory, name), { throwIfNoEntry: false });
    if (found === undefined || nowMs - found.mtimeMs < ABANDONED_MS) return false;
    rmSync(join(directory, name), { force: true });
    return true;
  });
}
