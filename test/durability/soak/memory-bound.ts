// How much resident memory a server may take, by a formula: that of a fresh one, and what it counted
// as used at its peak (keys, buffers, clients), half as much again for room between blocks, and what
// Node's own heap takes for code, young objects and what awaits collection.
import { residentBytes } from '../../../bench/support/process-stats.mjs';
import type { RawClient } from '../../support/raw-client.ts';
import { textOf } from '../../support/reply-frames.ts';

const MiB = 1024 * 1024;
const ROOM_FACTOR = 1.5;
const NODE_BYTES = 160 * MiB;
const INTERVAL_MS = 200;

/** Watches a process; see the head of this file. */
export class MemoryWatch {
  /** Resident bytes, at the begin and at the most. */
  readonly freshBytes: number;
  peakBytes: number;
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.freshBytes = residentBytes(pid);
    this.peakBytes = this.freshBytes;
    this.#timer = setInterval(() => this.#sample(), INTERVAL_MS);
  }

  #sample(): void {
    this.peakBytes = Math.max(this.peakBytes, residentBytes(this.#pid));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The most that it may have taken, by what it says of itself. */
  async limitBytes(control: RawClient): Promise<number> {
    const info = textOf(await control.command('INFO', 'memory'));
    const usedBytes = Number(/^used_memory_peak:(\d+)\r$/m.exec(info)?.[1]);
    if (!(usedBytes > 0)) throw new Error('INFO memory has no used_memory_peak');
    return this.freshBytes + ROOM_FACTOR * usedBytes + NODE_BYTES;
  }
}
