// What a client's replies take, as Redis counts it. Redis has a small buffer for each client, and a list
// of blocks for what does not fit; its size follows what the client uses. Here the replies of all clients
// are encoded into shared buffers, and what is not sent yet is kept as it is. So the small buffer is a
// share that a client is charged for, of the size that it would have there: it makes a client count for
// `maxmemory-clients`, and its output for `client-output-buffer-limit`, what it counts in Redis.
//
//   size of the share    1 KiB … 16 KiB: doubles when all of it was used, shrinks when not half of it was
//   peak                 the most that was used since the last reset, every 5 s (DEBUG REPLYBUFFER)

const MAX_BYTES = 16 * 1024;
const MIN_BYTES = 1024;
/** Bytes of a block in the list, and what it costs besides. */
const BLOCK_BYTES = 16 * 1024;
const BLOCK_OVERHEAD_BYTES = 40;
/** Time after which a peak is forgotten, in ms. */
export const DEFAULT_PEAK_RESET_MS = 5000;

/** How shares are resized, for all clients, and how often they were. */
export class ReplyBufferSettings {
  isResizing = true;
  /** A negative time is never. */
  peakResetMs = DEFAULT_PEAK_RESET_MS;
  shrinks = 0;
  expands = 0;
}

/** One client's share; see the head of this file. */
export class ReplyBuffer {
  /** Its size, in bytes. */
  sizeBytes = MAX_BYTES;
  /** The most that was used of it since the last reset, in bytes. */
  peakBytes = MAX_BYTES;
  #resetMs: number;

  /** @param nowMs Unix time, in ms */
  constructor(nowMs: number) {
    this.#resetMs = nowMs;
  }

  /** Notes that so many bytes of replies were gathered. */
  note(bytes: number): void {
    if (bytes > this.peakBytes) this.peakBytes = Math.min(bytes, this.sizeBytes);
  }

  /** What of so many unsent bytes fits into the share. */
  bufferedBytes(unsentBytes: number): number {
    return Math.min(unsentBytes, this.sizeBytes);
  }

  /** How many blocks the others fill. */
  blocksOf(unsentBytes: number): number {
    return Math.ceil((unsentBytes - this.bufferedBytes(unsentBytes)) / BLOCK_BYTES);
  }

  /** Bytes of these blocks: what the limits of output count. */
  listBytes(unsentBytes: number): number {
    const rest = unsentBytes - this.bufferedBytes(unsentBytes);
    if (rest === 0) return 0;
    return Math.max(rest, BLOCK_BYTES) + Math.ceil(rest / BLOCK_BYTES) * BLOCK_OVERHEAD_BYTES;
  }

  /**
   * Lets its size follow its use: to be called several times a second.
   * @param unsentBytes what waits to be sent
   * @returns by how many bytes it has grown
   */
  resize(settings: ReplyBufferSettings, unsentBytes: number, nowMs: number): number {
    if (!settings.isResizing) return 0;
    const before = this.sizeBytes;
    const half = Math.floor(before / 2);
    if (half >= MIN_BYTES && this.peakBytes < half) {
      this.sizeBytes = Math.max(MIN_BYTES, this.peakBytes + 1);
      settings.shrinks++;
    } else if (before < MAX_BYTES && this.peakBytes === before) {
      this.sizeBytes = Math.min(MAX_BYTES, before * 2);
      settings.expands++;
    }
    if (settings.peakResetMs >= 0 && nowMs - this.#resetMs > settings.peakResetMs) {
      this.peakBytes = this.bufferedBytes(unsentBytes);
      this.#resetMs = nowMs;
    }
    return this.sizeBytes - before;
  }
}
