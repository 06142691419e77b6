// What the tests of the log share: commands in its syntax, a log in a temporary directory, what is
// in it, and a file system that fails when it is told to.

import { crc32 } from 'node:zlib';
import type { OpenMode } from '../../src/files/regular-file.ts';
import { NOTHING_RECOVERED, openLog } from '../../src/persistence/log/open-log.ts';
import { type Recovery, recover } from '../../src/persistence/recovery/recovery.ts';
import { type FileSystem, realFileSystem } from '../../src/persistence/segments/file-system.ts';
import type { Log } from '../../src/persistence/segments/log.ts';
import { LogDirectory } from '../../src/persistence/segments/log-directory.ts';
import type { LogOptions } from '../../src/persistence/segments/log-options.ts';

export const BASE_NAME = 'appendonly.aof';

/** A command as the log holds it. */
export function command(...words: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = Buffer.from(word);
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

/** Options that retry at once and tell nobody. */
export function optionsWith(options: Partial<LogOptions> = {}): LogOptions {
  return {
    policy: { mode: 'always', intervalMs: 1000 },
    bufferBytes: 4096,
    maxSegmentBytes: 1 << 30,
    retryMs: 1,
    tellsTime: false,
    nowMs: Date.now,
    onProgress: () => {},
    onFailure: () => {},
    onRecovered: () => {},
    onWarning: () => {},
    ...options,
  };
}

/** Options that have a log tell the time, which goes on by so much whenever it is looked at. */
export function ticking(stepMs: number): Pick<LogOptions, 'tellsTime' | 'nowMs'> {
  let timeMs = 1_700_000_000_000;
  return {
    tellsTime: true,
    nowMs() {
      timeMs += stepMs;
      return timeMs;
    },
  };
}

/** Opens a new log. */
export function newLog(
  path: string,
  options: Partial<LogOptions> = {},
  fs: FileSystem = realFileSystem,
): Promise<Log> {
  const directory = LogDirectory.read(path, BASE_NAME, fs);
  return openLog(directory, NOTHING_RECOVERED, optionsWith(options));
}

/** Appends bytes as one group, or more to the group that is pending. */
export function append(log: Log, bytes: Buffer): boolean {
  log.append(bytes, 0, bytes.length);
  return log.commit();
}

export interface Recovered extends Recovery {
  /** The stream from the offset on. */
  readonly bytes: Buffer;
  /** Offsets at which groups begin. */
  readonly starts: readonly number[];
  readonly directory: LogDirectory;
}

/** Reads a log as a start would. */
export async function readLog(
  path: string,
  { from = 0, loadTruncated = true } = {},
): Promise<Recovered> {
  const directory = LogDirectory.read(path, BASE_NAME);
  const pieces: Buffer[] = [];
  const starts: number[] = [];
  const recovery = await recover(directory, {
    from,
    loadTruncated,
    onGroup({ bytes, start }) {
      pieces.push(Buffer.from(bytes));
      starts.push(start);
    },
  });
  return { ...recovery, bytes: Buffer.concat(pieces), starts, directory };
}

/** A digest to compare long streams by. */
export function digest(bytes: Uint8Array): string {
  return `${bytes.length} bytes, ${crc32(bytes)}`;
}

/** The operations that can be made to fail. */
export type Operation = 'open' | 'write' | 'truncate' | 'datasync' | 'sync' | 'rename';

/** The machine's file system with failures. */
export class FaultyFileSystem implements FileSystem {
  /** Called before each operation; what it returns is thrown, or how many bytes a write takes. */
  fault: (operation: Operation) => Error | number | undefined = () => undefined;
  /** Operations so far. */
  readonly calls: Operation[] = [];
  /** Called when a datasync has failed: may do to the file what the kernel does to its cache. */
  onSyncFailed: () => void = () => {};
  /** Datasyncs that are held back until `release`. */
  #held: (() => void)[] = [];
  holdsSyncs = false;

  open(path: string, mode: OpenMode): number {
    this.#check('open');
    return realFileSystem.open(path, mode);
  }

  openDirectory(path: string): number {
    this.#check('open');
    return realFileSystem.openDirectory(path);
  }

  write(fd: number, bytes: Uint8Array, start: number, length: number, position: number): number {
    const taken = this.#check('write') ?? length;
    return realFileSystem.write(fd, bytes, start, Math.min(taken, length), position);
  }

  append(fd: number, bytes: Uint8Array, start: number, length: number): number {
    const taken = this.#check('write') ?? length;
    return realFileSystem.append(fd, bytes, start, Math.min(taken, length));
  }

  appendAside(
    fd: number,
    bytes: Uint8Array,
    start: number,
    length: number,
    done: (error: Error | null, written: number) => void,
  ): void {
    try {
      const taken = this.#check('write') ?? length;
      realFileSystem.appendAside(fd, bytes, start, Math.min(taken, length), done);
    } catch (error) {
      setImmediate(() => done(error as Error, 0));
    }
  }

  truncate(fd: number, sizeBytes: number): void {
    this.#check('truncate');
    realFileSystem.truncate(fd, sizeBytes);
  }

  datasync(fd: number, done: (error: Error | null) => void): void {
    const run = () => {
      try {
        this.#check('datasync');
      } catch (error) {
        this.onSyncFailed();
        setImmediate(() => done(error as Error));
        return;
      }
      realFileSystem.datasync(fd, done);
    };
    if (this.holdsSyncs) this.#held.push(run);
    else run();
  }

  async sync(fd: number): Promise<void> {
    this.#check('sync');
    await realFileSystem.sync(fd);
  }

  rename(from: string, to: string): void {
    this.#check('rename');
    realFileSystem.rename(from, to);
  }

  /** Lets the datasyncs go that were held back. */
  release(): void {
    this.holdsSyncs = false;
    const held = this.#held;
    this.#held = [];
    for (const run of held) run();
  }

  get heldSyncs(): number {
    return this.#held.length;
  }

  close = realFileSystem.close;
  size = realFileSystem.size;
  stat = realFileSystem.stat;
  identify = realFileSystem.identify;
  readNow = realFileSystem.readNow;
  read = realFileSystem.read;
  readText = realFileSystem.readText;
  unlink = realFileSystem.unlink;
  list = realFileSystem.list;
  makeDirectory = realFileSystem.makeDirectory;

  #check(operation: Operation): number | undefined {
    this.calls.push(operation);
    const fault = this.fault(operation);
    if (fault instanceof Error) throw fault;
    return fault;
  }
}

/** An error as the system makes it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** Has a log go over to a new segment, however often that fails; resolves with the offset. */
export function rotate(log: Log): Promise<number> {
  return new Promise((resolve) => {
    const attempt = () => log.rotate({ switched: resolve, failed: () => setImmediate(attempt) });
    attempt();
  });
}
