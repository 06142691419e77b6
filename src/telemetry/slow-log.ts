// The slow log: the newest requests whose handler took at least `slowlog-log-slower-than`, with
// their arguments cut to a bounded size. An entry owns its bytes; entries are numbered since the
// start of the server, also across a reset.
// Source: https://redis.io/docs/latest/commands/slowlog-get/
import type { Request } from '../protocol/request.ts';

/** An entry has at most so many arguments; the last of them then tells how many are left out. */
const MAX_ARGUMENTS = 32;
/** Bytes of an argument that are kept; a note behind them tells how many are left out. */
const MAX_ARGUMENT_BYTES = 128;
const REDACTED = Buffer.from('(redacted)');

/** What an entry tells of the client. */
export interface SlowLogClient {
  readonly address: { readonly remote: string };
  readonly name: string;
}

/** A request that took long. */
export interface SlowLogEntry {
  readonly id: number;
  /** When it had run, in seconds since the epoch. */
  readonly timeSeconds: number;
  readonly durationUs: number;
  /** Its arguments, the command's name included, cut to a bounded size. */
  readonly args: readonly Buffer[];
  readonly clientAddress: string;
  readonly clientName: string;
}

/** The slow log of a server; see the head of this file. */
export class SlowLog {
  /** Oldest first; those before `#first` were dropped already. */
  #entries: SlowLogEntry[] = [];
  #first = 0;
  #nextId = 0;
  #maxLength = 128;
  /** Infinity when nothing is to be recorded. */
  #thresholdUs = 10_000;

  /** Sets `slowlog-log-slower-than`, in µs; a negative value ends recording. */
  set slowerThanUs(thresholdUs: number) {
    this.#thresholdUs = thresholdUs < 0 ? Number.POSITIVE_INFINITY : thresholdUs;
  }

  /** Sets `slowlog-max-len`, ≥ 0, and drops the oldest entries beyond it. */
  set maxLength(entries: number) {
    this.#maxLength = entries;
    this.#trim();
  }

  /** Number of entries. */
  get length(): number {
    return this.#entries.length - this.#first;
  }

  /** Records a request if it took long enough. The request is copied. */
  recordIfSlow(client: SlowLogClient, request: Request, durationUs: number): void {
    if (durationUs >= this.#thresholdUs) this.#record(client, request, durationUs);
  }

  /** The newest entries, at most `count`, newest first. */
  newest(count: number): SlowLogEntry[] {
    const start = Math.max(this.#first, this.#entries.length - count);
    return this.#entries.slice(start).reverse();
  }

  /** Drops all entries. */
  reset(): void {
    this.#entries = [];
    this.#first = 0;
  }

  #record(client: SlowLogClient, request: Request, durationUs: number): void {
    this.#entries.push({
      id: this.#nextId++,
      timeSeconds: Math.floor(Date.now() / 1000),
      durationUs: Math.floor(durationUs),
      args: cutArguments(request),
      clientAddress: client.address.remote,
      clientName: client.name,
    });
    this.#trim();
  }

  #trim(): void {
    while (this.length > this.#maxLength) this.#first++;
    // Closing the gap only when it is half of the array makes dropping O(1) on average.
    if (this.#first * 2 >= this.#entries.length && this.#first > 0) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}

function cutArguments(request: Request): Buffer[] {
  const { count } = request;
  const kept = count > MAX_ARGUMENTS ? MAX_ARGUMENTS - 1 : count;
  const args: Buffer[] = [];
  for (let i = 0; i < kept; i++) args.push(cutArgument(request, i));
  if (kept < count) args.push(Buffer.from(`... (${count - kept} more arguments)`));
  return args;
}

function cutArgument(request: Request, i: number): Buffer {
  if (request.isSecret(i)) return REDACTED;
  const bytes = request.bytes(i);
  if (bytes.length <= MAX_ARGUMENT_BYTES) return Buffer.from(bytes);
  const note = Buffer.from(`... (${bytes.length - MAX_ARGUMENT_BYTES} more bytes)`);
  return Buffer.concat([bytes.subarray(0, MAX_ARGUMENT_BYTES), note]);
}
