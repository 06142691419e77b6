// What clients make the server keep, in bytes, and what is done when it is too much.
//
//   limit                              what counts                          what is done
//   maxmemory-clients                  all that clients take, as in Redis   the largest are closed
//   a share of V8's heap limit         what lies on the JavaScript heap     a command that would keep more
//                                                                           there is refused; then the
//                                                                           largest are closed
//   a share of the machine's memory    all that clients take                the largest are closed
//   most of V8's heap limit            the heap as it is                    garbage is collected; if that is
//                                                                           not enough, the largest is closed
// The last three hold whatever the settings say: beyond them the process would end, and everybody's data
// with it. Who keeps something for a client charges it with an upper bound of what that takes
// (Client.charge). Clients are closed between commands only, never while one of theirs runs.
import * as os from 'node:os';
import type { Logger } from '../logging/logger.ts';
import { type HeapGauge, processHeap } from '../memory/heap-gauge.ts';
import type { ServerStats } from '../telemetry/server-stats.ts';
import type { Client, ClientLedger } from './client.ts';
import type { ClientRegistry } from './client-registry.ts';
import { typeOf } from './client-type.ts';

/** The largest young generation that V8 chooses by itself: its limit includes it. */
const YOUNG_BYTES = 192 * 1024 * 1024;
/** Share of the old generation that clients may take; the rest is for the program and for garbage. */
const HEAP_SHARE = 0.5;
/** The same where V8 is given so little that a young generation of that size does not fit. */
const SMALL_HEAP_SHARE = 0.2;
/** Share of the old generation from which on the heap is collected, and looked at. */
const ALARM_SHARE = 0.85;
/** The same of V8's limit where V8 is given so little. */
const SMALL_ALARM_SHARE = 0.35;
/** Time between two such looks, in ms: a collection stops everything. */
const ALARM_INTERVAL_MS = 5000;
/** Share of the machine's, or container's, memory that clients may take. */
const MEMORY_SHARE = 0.5;
/** A `maxmemory-clients` below this would close everybody. */
const MIN_LIMIT_BYTES = 128 * 1024;
/** Refusals are logged at most once in so many ms. */
const LOG_INTERVAL_MS = 1000;
/** As Redis begins it, and users look for it. */
const EVICTED = 'Evicting client: id={client} addr={address} tot-mem={bytes} cmd={command}';
const TOO_MUCH_MEMORY =
  'Clients take too much memory, whatever maxmemory-clients says. Closing the largest: id={client} addr={address} tot-mem={bytes} cmd={command}';
const TOO_MUCH_HEAP =
  'Clients take too much of the JavaScript heap. Closing the largest: id={client} addr={address} tot-mem={bytes} cmd={command}';
const REFUSED =
  'Clients take too much of the JavaScript heap. Refusing a command that would keep {heapBytes} bytes: id={client} addr={address} tot-mem={bytes}';

/** What a client counts for a limit, in bytes. */
type Measure = (client: Client) => number;

const allOf: Measure = (client) => client.memoryBytes;
const heapOf: Measure = (client) => client.heapBytes;

/** See the head of this file. */
export class ClientMemory implements ClientLedger {
  /** Bytes that all clients take. */
  bytes = 0;
  /** Of these: on the JavaScript heap, and shares of buffers that all of them use. */
  heapBytes = 0;
  sharedBytes = 0;
  /** And in large arguments and replies: these lie where the data lies, and are counted there as well. */
  largeBytes = 0;
  /** Whether a limit may be exceeded: `evict` is to be called as soon as no command runs. */
  isOver = false;
  readonly heapLimitBytes: number;
  readonly memoryLimitBytes = Math.floor(machineBytes() * MEMORY_SHARE);

  readonly #clients: ClientRegistry;
  readonly #stats: ServerStats;
  readonly #log: Logger;
  #limitBytes = Number.POSITIVE_INFINITY;
  /** No client is left that may be closed: nothing is tried until `check`. */
  #isStuck = false;
  #lastLogMs = 0;
  readonly #heap: HeapGauge;
  readonly #alarmBytes: number;
  #lastAlarmMs = 0;

  constructor(
    clients: ClientRegistry,
    stats: ServerStats,
    log: Logger,
    heap: HeapGauge = processHeap,
  ) {
    this.#clients = clients;
    this.#stats = stats;
    this.#log = log;
    this.#heap = heap;
    this.heapLimitBytes = shareOf(heap.limitBytes, HEAP_SHARE, SMALL_HEAP_SHARE);
    this.#alarmBytes = shareOf(heap.limitBytes, ALARM_SHARE, SMALL_ALARM_SHARE);
  }

  /** Sets `maxmemory-clients`, 0 for no limit. */
  set limitBytes(bytes: number) {
    this.#limitBytes = bytes === 0 ? Number.POSITIVE_INFINITY : Math.max(bytes, MIN_LIMIT_BYTES);
    this.check();
  }

  /** Bytes that clients really take: without the shares of buffers that are there anyway. */
  get ownBytes(): number {
    return this.bytes - this.sharedBytes;
  }

  /** Of these, what is not counted with the data. */
  get apartBytes(): number {
    return this.ownBytes - this.largeBytes;
  }

  /** Bytes that clients may take besides, whatever the settings say. */
  get roomBytes(): number {
    return Math.max(0, this.memoryLimitBytes - this.bytes);
  }

  /** Whether there is room for so many bytes that are not counted yet. */
  hasRoomFor(bytes: number): boolean {
    return this.bytes + bytes <= this.memoryLimitBytes;
  }

  /** Counts bytes that are kept for a client, or (negative) given back. */
  add(heapBytes: number, offHeapBytes: number): void {
    this.heapBytes += heapBytes;
    this.bytes += heapBytes + offHeapBytes;
    if (heapBytes + offHeapBytes <= 0 || this.#isStuck || this.isOver) return;
    this.isOver = this.#exceedsAny();
  }

  /** Counts bytes of shared buffers that a client has a share of. */
  addShared(bytes: number): void {
    this.sharedBytes += bytes;
    this.add(0, bytes);
  }

  /** Looks at the limits again: when they have changed, and from time to time as none could be closed. */
  check(): void {
    this.isOver = this.#exceedsAny();
  }

  #exceedsAny(): boolean {
    return (
      this.bytes > this.#limitBytes ||
      this.heapBytes > this.heapLimitBytes ||
      this.bytes > this.memoryLimitBytes
    );
  }

  /**
   * Whether a client's command may keep so many bytes more on the heap. Clients that take more than it are
   * closed for that; if it is the largest itself, it may not.
   */
  admits(client: Client, heapBytes: number): boolean {
    if (this.heapBytes + heapBytes <= this.heapLimitBytes) return true;
    if (heapBytes <= this.heapLimitBytes / 2) {
      for (const other of this.#bySize(heapOf)) {
        if (other === client || other.heapBytes < client.heapBytes + heapBytes) break;
        this.#close(other, TOO_MUCH_HEAP);
        if (this.heapBytes + heapBytes <= this.heapLimitBytes) return true;
      }
    }
    this.#logRefusal(client, heapBytes);
    return false;
  }

  /**
   * Looks at the heap as it is, whatever is accounted: to be called several times a second, while no
   * command runs.
   * @param nowMs Unix time, in ms
   */
  checkHeap(nowMs: number): void {
    if (this.#heap.usedBytes() < this.#alarmBytes) return;
    if (nowMs - this.#lastAlarmMs < ALARM_INTERVAL_MS) return;
    this.#lastAlarmMs = nowMs;
    this.#heap.collect();
    const usedBytes = this.#heap.usedBytes();
    if (usedBytes < this.#alarmBytes) return;
    const facts = { usedBytes, limitBytes: this.#heap.limitBytes, clientBytes: this.heapBytes };
    this.#log.warn(
      facts,
      'The JavaScript heap is nearly full: {usedBytes} of {limitBytes} bytes are used, {clientBytes} by clients',
    );
    const [largest] = this.#bySize(heapOf);
    if (largest !== undefined) this.#close(largest, TOO_MUCH_HEAP);
  }

  /** Closes clients, the largest first, until no limit is exceeded. To be called while no command runs. */
  evict(): void {
    this.isOver = false;
    this.#closeWhile(() => this.bytes > this.#limitBytes, allOf, isEvictable, EVICTED);
    this.#closeWhile(() => this.bytes > this.memoryLimitBytes, allOf, anybody, TOO_MUCH_MEMORY);
    this.#closeWhile(() => this.heapBytes > this.heapLimitBytes, heapOf, anybody, TOO_MUCH_HEAP);
    const wasStuck = this.#isStuck;
    this.#isStuck = this.#exceedsAny();
    if (!this.#isStuck || wasStuck) return;
    this.#log.warn('Over client maxmemory after evicting all evictable clients');
  }

  #closeWhile(
    isOver: () => boolean,
    measure: Measure,
    mayClose: (client: Client) => boolean,
    reason: string,
  ): void {
    if (!isOver()) return;
    for (const client of this.#bySize(measure)) {
      if (!isOver()) return;
      if (mayClose(client)) this.#close(client, reason);
    }
  }

  /** The clients that are not closed yet, the largest first; of equal ones those who have been there longest. */
  #bySize(measure: Measure): Client[] {
    const clients = [...this.#clients.all()].filter((client) => client.memoryBytes > 0);
    return clients.sort((a, b) => measure(b) - measure(a));
  }

  #close(client: Client, reason: string): void {
    const facts = { ...factsOf(client), command: client.lastCommand?.fullName ?? 'NULL' };
    if (reason === EVICTED) this.#log.info(facts, reason);
    else this.#log.warn(facts, reason);
    this.#stats.evictedClients++;
    client.kill();
  }

  #logRefusal(client: Client, heapBytes: number): void {
    const nowMs = Date.now();
    if (nowMs - this.#lastLogMs < LOG_INTERVAL_MS) return;
    this.#lastLogMs = nowMs;
    this.#log.warn({ ...factsOf(client), heapBytes }, REFUSED);
  }
}

function factsOf({ id, address, memoryBytes }: Client): object {
  return { client: id, address: address.remote, bytes: memoryBytes };
}

function anybody(): boolean {
  return true;
}

function isEvictable(client: Client): boolean {
  if (client.noEvict) return false;
  const type = typeOf(client);
  return type === 'normal' || type === 'pubsub';
}

/**
 * A share of the old generation of a heap with so many bytes, of which V8 does not report what is for which
 * generation; of a small heap another share of the whole.
 */
function shareOf(limitBytes: number, share: number, smallShare: number): number {
  return Math.floor(Math.max((limitBytes - YOUNG_BYTES) * share, limitBytes * smallShare));
}

/** Memory of the machine, or of the container if that has less, in bytes. */
function machineBytes(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  const total = os.totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}
