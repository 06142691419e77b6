// XXH32 with the seed 0, the checksum of LZ4 frames: WebAssembly code of the package `xxhash-wasm`, which is
// loaded when frames are first read. It copies what it is given to memory of its own, which stays as large as
// the largest piece was.

/** The checksum of bytes that come in pieces. */
export interface Xxh32Stream {
  /** Adds bytes. */
  update(bytes: Uint8Array): unknown;
  /** The checksum of all bytes so far: an unsigned integer of 32 bits. */
  digest(): number;
}

/** What computes checksums. */
export interface Xxh32 {
  /** The checksum of bytes that are all there: an unsigned integer of 32 bits. */
  of(bytes: Uint8Array): number;
  /** Begins the checksum of bytes that come in pieces. */
  stream(): Xxh32Stream;
}

let loaded: Promise<Xxh32> | undefined;

/** Loads it, once. */
export function loadXxh32(): Promise<Xxh32> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Xxh32> {
  const { default: xxhash } = await import('xxhash-wasm');
  const { h32Raw, create32 } = await xxhash();
  return { of: (bytes) => h32Raw(bytes), stream: () => create32() };
}
