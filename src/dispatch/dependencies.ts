// What the replies of commands depend on: the latest change, in the log, of any key that a command
// looked at. Kept by a few bits of the keys' hashes, so a command may seem to depend on a change of
// another key: then its reply waits without need, which happens only while a change is not safe yet.
import type { Call } from '../core/call.ts';
import type { Command } from '../core/command.ts';
import { READONLY, WRITE } from '../core/flags.ts';
import { hasKeys, visitKeys } from '../core/key-extraction.ts';

const SLOTS = 1 << 14;

/** Offsets of the log by key; see the head of this file. */
export class Dependencies {
  readonly #offsets = new Float64Array(SLOTS);
  /** Offset of the latest change of all, and of the latest that may have concerned any key. */
  #latest = 0;
  #latestOfAll = 0;
  #call: Call | undefined;
  #offset = 0;
  readonly #noteKey = (position: number): void => {
    this.#offsets[this.#slotOf(position)] = this.#offset;
  };
  readonly #readKey = (position: number): void => {
    this.#offset = Math.max(this.#offset, this.#offsets[this.#slotOf(position)]);
  };

  /** Notes that a command has changed something, recorded before an offset. */
  note(call: Call, command: Command, offset: number): void {
    this.#latest = offset;
    if (!hasKeys(command.keys)) {
      this.noteAny(offset);
      return;
    }
    this.#call = call;
    this.#offset = offset;
    visitKeys(command.keys, call.request, this.#noteKey);
  }

  /** Notes that something has changed, recorded before an offset: any key. */
  noteAny(offset: number): void {
    this.#latest = offset;
    this.#latestOfAll = offset;
  }

  /** The offset of the latest change that the reply of a command may tell of. */
  of(call: Call, command: Command): number {
    if ((command.flags & (READONLY | WRITE)) === 0) return 0;
    if (!hasKeys(command.keys)) return this.#latest;
    this.#call = call;
    this.#offset = this.#latestOfAll;
    visitKeys(command.keys, call.request, this.#readKey);
    return this.#offset;
  }

  #slotOf(position: number): number {
    if (this.#call === undefined) return 0;
    const { db, request } = this.#call;
    const hash = db.hash(request.buffer, request.offsets[position], request.lengths[position]);
    // Whatever its database: MOVE and COPY reach into another one.
    return hash & (SLOTS - 1);
  }
}
