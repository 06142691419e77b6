// Disks that are full when a test wants it, and free again. A limit of the size of files works for
// everybody, and ends what is written in the middle of it (EFBIG); a small file system of its own is
// the real thing (ENOSPC), and needs the right to mount one.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TMPFS_BYTES = 8 * 1024 * 1024;
const FILLER = 'filler';

/** Where a server keeps its data. */
export interface FullDisk {
  /** What the server says is wrong when it is full. */
  readonly reason: string;
  /** Fills it, for the server of this process id. */
  fill(pid: number): void;
  /** There is room again. */
  free(pid: number): void;
}

/** Sets how large the files of a process may become; undefined: as they like. */
export function limitFileSize(pid: number, bytes: number | undefined): void {
  // The soft limit only, as nobody but root may raise the hard one again.
  const limit = bytes === undefined ? 'unlimited' : String(bytes);
  const { error, status, stderr } = spawnSync(
    'prlimit',
    ['--pid', String(pid), `--fsize=${limit}:`],
    { encoding: 'latin1' },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stderr);
}

/** Bytes of the segment that is written. */
export function segmentBytes(directory: string): number {
  const folder = join(directory, 'appendonlydir');
  const sizes = readdirSync(folder)
    .filter((name) => name.endsWith('.incr.aof'))
    .map((name) => statSync(join(folder, name)).size);
  return Math.max(...sizes);
}

/** Full a few bytes behind what is in the log: in the middle of the next group. */
export function limitedFiles(directory: string): FullDisk {
  return {
    reason: 'File too large',
    fill: (pid) => limitFileSize(pid, segmentBytes(directory) + 100),
    free: (pid) => limitFileSize(pid, undefined),
  };
}

/** Mounts a small file system; returns why that cannot be, if it cannot. */
export function mountSmall(directory: string): string | undefined {
  const options = ['-t', 'tmpfs', '-o', `size=${TMPFS_BYTES}`, 'tmpfs', directory];
  const { error, status, stderr } = spawnSync('mount', options, { encoding: 'latin1' });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : stderr.trim();
}

/** Takes it away again. */
export function unmount(directory: string): void {
  const { status, stderr } = spawnSync('umount', [directory], { encoding: 'latin1' });
  if (status !== 0) throw new Error(stderr);
}

/** Full to the last byte. */
export function smallDisk(directory: string): FullDisk {
  const filler = join(directory, FILLER);
  return {
    reason: 'No space left on device',
    fill() {
      try {
        writeFileSync(filler, Buffer.alloc(TMPFS_BYTES));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        return;
      }
      throw new Error(`${directory} is larger than it should be`);
    },
    free: () => rmSync(filler),
  };
}
