// The ordinary program `lz4`, which reads what Synap writes and the other way round, and reading
// frames from bytes that come in chunks. A build server (CI is set) must have the program: there a
// comparison that is skipped proves nothing.
import { spawnSync } from 'node:child_process';
import { Lz4Input } from '../../../src/persistence/snapshots/lz4-input.ts';
import { framesContent } from '../../../src/persistence/snapshots/lz4-reader.ts';

const MOST_BYTES = 1 << 28;

/** Whether the program is installed. */
export const hasLz4 = spawnSync('lz4', ['--version']).error === undefined;
if (!hasLz4 && process.env.CI) {
  throw new Error('lz4 is not installed, and CI is set: apt-get install lz4');
}

/**
 * Runs the program on bytes.
 * @returns what it writes
 * @throws Error with what it says when it fails
 */
export function lz4(bytes: Uint8Array, ...flags: string[]): Buffer {
  const args = ['-q', '-c', ...flags];
  const { status, stdout, stderr } = spawnSync('lz4', args, {
    input: bytes,
    maxBuffer: MOST_BYTES,
  });
  if (status !== 0) throw new Error(`lz4 ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Bytes as they come from a file, in chunks that are the receiver's. */
export async function* chunksOf(
  bytes: Uint8Array,
  chunkBytes = bytes.length,
): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    yield Buffer.from(bytes.subarray(at, at + chunkBytes));
  }
}

/** What the reader makes of frames. */
export async function decompress(bytes: Uint8Array, chunkBytes?: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of framesContent(new Lz4Input(chunksOf(bytes, chunkBytes)))) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
