// A lock that the kernel holds for as long as its holder has the file open: it is gone with the process,
// however that ends, and excludes whoever opens the same file, in this process, another one, or a container
// with process ids and host names of its own. The file's text shows people who holds it, and nothing else.
//
// Node has no flock(2). But such a lock belongs to the open file, not to the process that asked for it: a
// small program that inherits the descriptor locks it, ends, and leaves it locked.
//
//   we ──open──▶ descriptor ◀──inherits── flock -x -n 3     (util-linux, BusyBox; else perl)
//                    └── locked until we close it, or are gone
//
// A lock file is deleted by its holder only, and counts only where it still is at its path once it is
// locked: who has locked one that was deleted meanwhile begins again.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

/** The descriptor under which the program has the file. */
const INHERITED = 3;
const HELD = 1;
/** A file system that does not answer must not hold the start up for ever. */
const PATIENCE_MS = 10_000;
/** How often a file may be deleted between being opened and locked. */
const ATTEMPTS = 100;
const HOLDER_BYTES = 300;

const PERL = [
  'use Fcntl ":flock";',
  `open(my $file, "<&=", ${INHERITED}) or die "open: $!\\n";`,
  'flock($file, LOCK_EX | LOCK_NB) and exit 0;',
  `exit ${HELD} if $!{EWOULDBLOCK};`,
  'die "flock: $!\\n";',
].join(' ');

/** Programs that lock a descriptor: they end with 0, with 1 when it is locked already, or say why not. */
const PROGRAMS: readonly (readonly [command: string, args: readonly string[]])[] = [
  ['flock', ['-x', '-n', String(INHERITED)]],
  ['perl', ['-e', PERL]],
];

/** Somebody has locked the file: says who. */
export class LockedError extends Error {
  /** What the holder wrote into the file; '' where that is not known. */
  readonly holder: string;

  constructor(path: string, holder: string) {
    super(`${path} is locked by ${holder === '' ? 'another process' : holder}`);
    this.holder = holder;
  }
}

/** Files cannot be locked here: says why. */
export class UnlockableError extends Error {}

/** A file that is locked; see the head of this file. */
export class FileLock {
  readonly path: string;
  readonly #fd: number;
  #holder = '';

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /**
   * Locks a file, which is made where there is none, without waiting.
   * @param holder who does: one line for people
   * @throws LockedError, UnlockableError, or the system's error when the file cannot be made
   */
  static take(path: string, holder: string): FileLock {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { fd, isWritable } = open(path);
      const lock = new FileLock(path, fd);
      try {
        lockDescriptor(path, fd);
        if (lock.isInPlace() && isWritable) {
          lock.describe(holder);
          return lock;
        }
        // Whoever left it ran as another user, and may not be the last: one's own takes its place.
        if (lock.isInPlace()) unlinkSync(path);
      } catch (error) {
        closeSync(fd);
        throw error;
      }
      closeSync(fd);
    }
    throw new UnlockableError(`${path} is deleted again and again`);
  }

  /**
   * Who has a file locked: undefined when nobody has, or that is unknown. Changes nothing.
   */
  static holderOf(path: string): string | undefined {
    let fd: number | undefined;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      lockDescriptor(path, fd);
    } catch (error) {
      if (error instanceof LockedError) return error.holder;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
    return undefined;
  }

  /** Writes down who holds it. */
  describe(holder: string): void {
    if (holder === this.#holder) return;
    this.#holder = holder;
    try {
      ftruncateSync(this.#fd, 0);
      writeSync(this.#fd, `${holder}\n`, 0);
    } catch {
      // The disk is full: it is locked all the same.
    }
  }

  /** Whether the locked file is the one at its path: others would lock another one otherwise. */
  isInPlace(): boolean {
    const found = statSync(this.path, { throwIfNoEntry: false });
    const own = fstatSync(this.#fd);
    return found !== undefined && found.ino === own.ino && found.dev === own.dev;
  }

  /** Deletes the file, if it is in its place, and lets go of it. */
  release(): void {
    try {
      if (this.isInPlace()) unlinkSync(this.path);
    } catch {
      // The directory cannot be written any more: the file stays, and is of no meaning.
    }
    closeSync(this.#fd);
  }
}

function open(path: string): { fd: number; isWritable: boolean } {
  const { O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
  let fd: number;
  let isWritable = true;
  try {
    fd = openSync(path, O_RDWR | O_CREAT | O_NONBLOCK, 0o644);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error;
    isWritable = false;
    fd = openSync(path, O_RDONLY | O_NONBLOCK);
  }
  if (fstatSync(fd).isFile()) return { fd, isWritable };
  closeSync(fd);
  throw new UnlockableError(`${path} is not a regular file`);
}

function lockDescriptor(path: string, fd: number): void {
  for (const [command, args] of PROGRAMS) {
    const { error, status, signal, stderr } = spawnSync(command, args, {
      stdio: ['ignore', 'ignore', 'pipe', fd],
      encoding: 'latin1',
      timeout: PATIENCE_MS,
    });
    if (error !== undefined && 'code' in error && error.code === 'ENOENT') continue;
    if (error !== undefined) throw new UnlockableError(`${command}: ${error.message}`);
    if (status === 0) return;
    const problem = stderr.trim();
    if (status === HELD && problem === '') throw new LockedError(path, holderIn(fd));
    throw new UnlockableError(
      problem === '' ? `${command} ended with ${signal ?? status}` : problem,
    );
  }
  const names = PROGRAMS.map(([command]) => command).join(' nor ');
  throw new UnlockableError(`there is neither ${names} to lock a file with`);
}

/** The first line of a lock file, whatever is in it. */
function holderIn(fd: number): string {
  const bytes = Buffer.alloc(HOLDER_BYTES);
  const [line] = bytes.toString('latin1', 0, readSync(fd, bytes, 0, HOLDER_BYTES, 0)).split('\n');
  return line.replace(/[^\x20-\x7e]/g, '?');
}
