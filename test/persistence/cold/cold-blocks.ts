// What the tests of cold blocks share: blocks to store, a store whose files fail when they are told to, and what must
// hold of all that was stored.
import { expect } from 'vitest';
import {
  type ColdFiles,
  type ColdOpenMode,
  realColdFiles,
} from '../../../src/persistence/cold/cold-files.ts';
import type { ColdLog } from '../../../src/persistence/cold/cold-log.ts';
import type { Extent, ExtentRef } from '../../../src/persistence/cold/extent.ts';

/** An extent that was stored, and where. */
export interface Stored {
  readonly extent: Extent;
  readonly ref: ExtentRef;
}

/** An id as the tests number their extents. */
export function idOf(number: number): Buffer {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(number, 12);
  return id;
}

/** A payload that LZ4 makes much shorter. */
export function textOf(number: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0, i = number * 7; at < sizeBytes; i++) at += bytes.write(`entry ${i}, `, at);
  return bytes;
}

/** A payload that nothing makes shorter. */
export function noiseOf(number: number, sizeBytes: number): Buffer {
  let state = number * 2 + 1;
  return Buffer.from(
    Array.from({ length: sizeBytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

/** An extent by its number. */
export function extentOf(number: number, payload: Buffer = textOf(number, 300)): Extent {
  const [firstId, lastId] = [idOf(number * 10), idOf(number * 10 + 9)];
  return { payload, firstId, lastId, entries: number + 1, tag: number * 3 };
}

/** Extents with numbers from `first` on. */
export function extentsOf(first: number, count: number, sizeBytes = 300): Extent[] {
  return Array.from({ length: count }, (_, i) => extentOf(first + i, textOf(first + i, sizeBytes)));
}

/** Appends extents. */
export async function store(log: ColdLog, extents: readonly Extent[]): Promise<Stored[]> {
  const locations = await log.append(extents);
  expect(locations).toHaveLength(extents.length);
  return extents.map((extent, i) => {
    const { firstId, lastId } = extent;
    return { extent, ref: { ...locations[i], firstId, lastId } };
  });
}

/** References of what was stored. */
export function refsOf(stored: readonly Stored[]): ExtentRef[] {
  return stored.map(({ ref }) => ref);
}

/** Reads everything in every way; it must be as it was stored. */
export async function expectAll(log: ColdLog, stored: readonly Stored[]): Promise<void> {
  for (const { extent, ref } of stored) {
    const { payload, entries, tag } = extent;
    const expected = { payload: payload.toString('latin1'), entries, tag };
    for (const found of [log.readNow(ref), await log.read(ref)]) {
      expect({ ...found, payload: found.payload.toString('latin1') }).toEqual(expected);
    }
  }
}

/** The operations that can be made to fail. */
export type Operation = Exclude<keyof ColdFiles, 'close'>;

/** An error as the system makes it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** The machine's files with failures. */
export class FaultyFiles implements ColdFiles {
  /** Called before each operation; what it returns is thrown, or how many bytes a write takes. */
  fault: (operation: Operation, path: string) => Error | number | undefined = () => undefined;
  /** Called before each operation, which waits for it. */
  before: (operation: Operation) => Promise<void> | void = () => {};
  /** Operations so far. */
  readonly calls: Operation[] = [];
  /** Descriptors that are open. */
  readonly descriptors = new Set<number>();

  async open(path: string, mode: ColdOpenMode): Promise<number> {
    await this.#check('open', path);
    const fd = await realColdFiles.open(path, mode);
    this.descriptors.add(fd);
    return fd;
  }

  close(fd: number): Promise<void> {
    expect(this.descriptors.delete(fd)).toBe(true);
    return realColdFiles.close(fd);
  }

  async read(fd: number, into: Uint8Array, position: number): Promise<number> {
    await this.#check('read');
    return realColdFiles.read(fd, into, position);
  }

  readNow(path: string, into: Uint8Array, position: number): number {
    this.calls.push('readNow');
    const fault = this.fault('readNow', path);
    if (fault instanceof Error) throw fault;
    return realColdFiles.readNow(path, into, position);
  }

  async write(fd: number, parts: readonly Uint8Array[], position: number): Promise<number> {
    const taken = await this.#check('write');
    if (taken === undefined) return realColdFiles.write(fd, parts, position);
    return realColdFiles.write(fd, [Buffer.concat(parts).subarray(0, taken)], position);
  }

  async truncate(fd: number, sizeBytes: number): Promise<void> {
    await this.#check('truncate');
    return realColdFiles.truncate(fd, sizeBytes);
  }

  async datasync(fd: number): Promise<void> {
    await this.#check('datasync');
    return realColdFiles.datasync(fd);
  }

  async identify(fd: number): ReturnType<ColdFiles['identify']> {
    await this.#check('identify');
    return realColdFiles.identify(fd);
  }

  async stat(path: string): ReturnType<ColdFiles['stat']> {
    await this.#check('stat', path);
    return realColdFiles.stat(path);
  }

  async unlink(path: string): Promise<void> {
    await this.#check('unlink', path);
    return realColdFiles.unlink(path);
  }

  async list(folder: string): Promise<string[]> {
    await this.#check('list', folder);
    return realColdFiles.list(folder);
  }

  async makeFolder(path: string): Promise<void> {
    await this.#check('makeFolder', path);
    return realColdFiles.makeFolder(path);
  }

  async syncFolder(path: string): Promise<void> {
    await this.#check('syncFolder', path);
    return realColdFiles.syncFolder(path);
  }

  async #check(operation: Operation, path = ''): Promise<number | undefined> {
    this.calls.push(operation);
    const fault = this.fault(operation, path);
    await this.before(operation);
    if (fault instanceof Error) throw fault;
    return fault;
  }
}
