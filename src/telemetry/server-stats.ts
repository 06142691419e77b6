// Counters of the server, for INFO; CONFIG RESETSTAT resets them.

/** Counters since the start or the last RESETSTAT. */
export class ServerStats {
  connectionsReceived = 0;
  connectionsRejected = 0;
  commandsProcessed = 0;
  bytesIn = 0;
  bytesOut = 0;
  readsProcessed = 0;
  writesProcessed = 0;
  /** Clients closed because all clients together took too much memory (`maxmemory-clients`). */
  evictedClients = 0;
  /** Number of error replies, and of those to commands from the log, which should never fail. */
  errorReplies = 0;
  unexpectedErrors = 0;
  /** Error replies by their code ("ERR", "WRONGTYPE" …). */
  readonly errorsByCode = new Map<string, number>();
  /** Largest amount of data since the start, in bytes; not reset. */
  peakUsedBytes = 0;
  /** Time spent in the active expiry cycle, in ms. */
  expiryCycleMs = 0;
  /** When the memory limit was exceeded, by performance.now(); 0 while it is not. */
  exceededSinceMs = 0;
  /** Total time before that during which it was exceeded, in ms. */
  #exceededMs = 0;
  /** When the running defragmentation began, by performance.now(); 0 while none runs. */
  defragSinceMs = 0;
  /** Total time of defragmentation before that, in ms. */
  #defragMs = 0;
  /** Commands, bytes in and bytes out per second, from the last 16 samples of 100 ms. */
  readonly opsPerSecond = new RateMeter();
  readonly bytesInPerSecond = new RateMeter();
  readonly bytesOutPerSecond = new RateMeter();

  /** Sets every counter back, as CONFIG RESETSTAT does. */
  reset(): void {
    this.connectionsReceived = 0;
    this.connectionsRejected = 0;
    this.commandsProcessed = 0;
    this.bytesIn = 0;
    this.bytesOut = 0;
    this.readsProcessed = 0;
    this.writesProcessed = 0;
    this.evictedClients = 0;
    this.errorReplies = 0;
    this.unexpectedErrors = 0;
    this.errorsByCode.clear();
    this.expiryCycleMs = 0;
    this.exceededSinceMs = 0;
    this.#exceededMs = 0;
    this.defragSinceMs = 0;
    this.#defragMs = 0;
    this.opsPerSecond.reset();
    this.bytesInPerSecond.reset();
    this.bytesOutPerSecond.reset();
  }

  /** Notes whether the memory limit is exceeded at this time, by performance.now(). */
  noteMemoryLimit(isExceeded: boolean, nowMs: number): void {
    if (isExceeded) {
      if (this.exceededSinceMs === 0) this.exceededSinceMs = nowMs;
    } else {
      this.#exceededMs += this.currentlyExceededMs(nowMs);
      this.exceededSinceMs = 0;
    }
  }

  /** For how long the memory limit has been exceeded now, in ms. */
  currentlyExceededMs(nowMs: number): number {
    return this.exceededSinceMs === 0 ? 0 : nowMs - this.exceededSinceMs;
  }

  /** Total time during which it was exceeded, in ms. */
  totalExceededMs(nowMs: number): number {
    return this.#exceededMs + this.currentlyExceededMs(nowMs);
  }

  /** Defragmentation begins at this time, by performance.now(). */
  defragBegan(nowMs: number): void {
    this.defragSinceMs = nowMs;
  }

  /** Defragmentation ends. */
  defragEnded(nowMs: number): void {
    this.#defragMs += this.currentDefragMs(nowMs);
    this.defragSinceMs = 0;
  }

  /** Duration of the running defragmentation, in ms. */
  currentDefragMs(nowMs: number): number {
    return this.defragSinceMs === 0 ? 0 : nowMs - this.defragSinceMs;
  }

  /** Total time of defragmentation, in ms. */
  totalDefragMs(nowMs: number): number {
    return this.#defragMs + this.currentDefragMs(nowMs);
  }

  /** Counts an error reply by its code: `text` up to its first space. */
  countError(text: string): void {
    this.errorReplies++;
    const space = text.indexOf(' ');
    const code = this.#countedAs(space < 0 ? text : text.slice(0, space));
    this.errorsByCode.set(code, (this.errorsByCode.get(code) ?? 0) + 1);
  }

  /**
   * The code under which it is counted: itself, or one for all others once there are many, as clients can cause any
   * code.
   */
  #countedAs(code: string): string {
    if (this.errorsByCode.has(code)) return code;
    if (code.length > MAX_CODE_LENGTH || this.errorsByCode.size >= MAX_CODES) return OTHER_CODES;
    // Copied, as a substring would keep the whole text alive.
    return Buffer.from(code, 'latin1').toString('latin1');
  }
}

/** Most error codes that are counted separately, as in Redis from 7.2 on, and the longest of them. */
const MAX_CODES = 128;
const MAX_CODE_LENGTH = 64;
const OTHER_CODES = 'ERRORSTATS_OVERFLOW';

const SAMPLES = 16;

/** A rate, averaged over the last samples of a counter that only grows. */
export class RateMeter {
  readonly #rates = new Float64Array(SAMPLES);
  #next = 0;
  #lastCount = 0;
  #lastMs = 0;

  /** Takes a sample: the counter's present value and the time in ms. */
  sample(count: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#lastMs;
    if (this.#lastMs > 0 && elapsedMs > 0) {
      this.#rates[this.#next] = Math.max(0, ((count - this.#lastCount) * 1000) / elapsedMs);
      this.#next = (this.#next + 1) % SAMPLES;
    }
    this.#lastCount = count;
    this.#lastMs = nowMs;
  }

  /** Units per second. */
  get perSecond(): number {
    return this.#rates.reduce((sum, rate) => sum + rate, 0) / SAMPLES;
  }

  reset(): void {
    this.#rates.fill(0);
    this.#lastMs = 0;
    this.#lastCount = 0;
  }
}
