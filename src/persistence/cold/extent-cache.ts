// Extents that were read last, up to a number of bytes. Each is counted with all memory that it keeps: the buffer that
// its payload lies in, which may be larger, and what the cache has beside it.

/** An extent as it was stored. */
export interface ColdExtent {
  /** Shared by all who read it: not to be changed. */
  readonly payload: Buffer;
  /** Number of entries, as given to `append`. */
  readonly entries: number;
  /** As given to `append`. */
  readonly tag: number;
}

/** What an extent takes beside its payload: objects, the places in the maps. */
export const ENTRY_BYTES = 320;

interface CacheEntry {
  readonly extent: ColdExtent;
  readonly path: string;
  readonly offset: number;
}

/** Memory that the cache keeps for an extent, in bytes. */
export function cachedBytesOf({ payload }: ColdExtent): number {
  return payload.buffer.byteLength + ENTRY_BYTES;
}

/** The extents that were used last; see the head of this file. */
export class ExtentCache {
  #maxBytes: number;
  #sizeBytes = 0;
  /** From the least to the most recently used. */
  readonly #entries = new Map<string, CacheEntry>();
  /** Keys of the entries by path of their segments. */
  readonly #ofSegment = new Map<string, Set<string>>();

  /** @param maxBytes what it may keep at most; 0 for nothing */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Memory that it keeps, in bytes. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Number of extents. */
  get count(): number {
    return this.#entries.size;
  }

  /** What it may keep at most, in bytes; what is over that is dropped at once. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  set maxBytes(bytes: number) {
    this.#maxBytes = bytes;
    this.#trim();
  }

  /** Whether an extent is there; does not count as use. */
  has(path: string, offset: number): boolean {
    return this.#entries.has(keyOf(path, offset));
  }

  /** The extent at a place of a file. */
  get(path: string, offset: number): ColdExtent | undefined {
    const key = keyOf(path, offset);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.extent;
  }

  /** Keeps an extent, unless it is there already or larger than all that may be kept. */
  add(path: string, offset: number, extent: ColdExtent): void {
    const key = keyOf(path, offset);
    const bytes = cachedBytesOf(extent);
    if (bytes > this.#maxBytes || this.#entries.has(key)) return;
    this.#entries.set(key, { extent, path, offset });
    const keys = this.#ofSegment.get(path);
    if (keys === undefined) this.#ofSegment.set(path, new Set([key]));
    else keys.add(key);
    this.#sizeBytes += bytes;
    this.#trim();
  }

  /** Forgets the extents of a file. */
  drop(path: string): void {
    for (const key of this.#ofSegment.get(path) ?? []) this.#remove(key);
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
    this.#ofSegment.clear();
    this.#sizeBytes = 0;
  }

  #trim(): void {
    if (this.#sizeBytes <= this.#maxBytes) return;
    for (const key of this.#entries.keys()) {
      this.#remove(key);
      if (this.#sizeBytes <= this.#maxBytes) return;
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#sizeBytes -= cachedBytesOf(entry.extent);
    const keys = this.#ofSegment.get(entry.path);
    keys?.delete(key);
    if (keys?.size === 0) this.#ofSegment.delete(entry.path);
  }
}

function keyOf(path: string, offset: number): string {
  return `${path}:${offset}`;
}
