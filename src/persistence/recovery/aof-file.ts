// A single file in AOF syntax, outside of the stream: Redis's base in that format, or the one file
// that Redis before 7 wrote. Either may begin with a snapshot (the "preamble"), in RDB format: the caller, which can
// read that, passes its end.

import { basename } from 'node:path';
import { type FileSystem, realFileSystem } from '../segments/file-system.ts';
import { AofScanner } from './aof-scanner.ts';
import { DamageError, type RecoveryOptions, scan } from './recovery.ts';

const PREAMBLE = Buffer.from('REDIS', 'latin1');

/** The result of reading a file. */
export interface AofFile {
  /** Bytes of commands. */
  readonly commandBytes: number;
  /** Position and size of an incomplete end. */
  readonly torn: { readonly position: number; readonly bytes: number } | undefined;
}

/** Whether a file begins with a snapshot in RDB format. */
export async function hasPreamble(path: string, fs: FileSystem = realFileSystem): Promise<boolean> {
  const fd = fs.open(path, 'r');
  try {
    const beginning = Buffer.alloc(PREAMBLE.length);
    const count = await fs.read(fd, beginning, 0, beginning.length, 0);
    return count === beginning.length && beginning.equals(PREAMBLE);
  } finally {
    fs.close(fd);
  }
}

/**
 * Reads the commands of a file.
 * @param position where they begin: 0, or the end of the preamble
 * @throws DamageError, or the system's error
 */
export async function readAofFile(
  path: string,
  position: number,
  options: Pick<RecoveryOptions, 'loadTruncated' | 'onGroup' | 'onUnended'>,
  fs: FileSystem = realFileSystem,
): Promise<AofFile> {
  const fd = fs.open(path, 'r');
  try {
    const end = fs.size(fd);
    const file = basename(path);
    const scanner = new AofScanner(fs, fd, { file, position, offset: 0, end, isOwn: false });
    const { problem } = await scan(scanner, { ...options, from: 0 });
    const commandBytes = scanner.offset;
    if (problem === undefined) return { commandBytes, torn: undefined };
    if (!problem.mayBeTorn || !options.loadTruncated) {
      throw new DamageError(path, problem, `${path}, byte ${problem.position}: ${problem.reason}`);
    }
    return {
      commandBytes,
      torn: { position: problem.position, bytes: end - problem.position },
    };
  } finally {
    fs.close(fd);
  }
}
