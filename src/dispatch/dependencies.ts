// What the replies of commands depend on: the latest change, in the log, of any key that a command
// looked at. Kept by a few bits of the keys' hashes, so a command may seem to depend on a change of
// another key: then its reply waits without need, which happens only while a change is not safe yet.
// The slot of a key is the same in each database: MOVE and COPY reach into another one.
import type { Call } from '../core/call.ts';
import type { Command } from '../core/command.ts';
import { READONLY, WRITE } from '../core/flags.ts';
import { KeyCursor } from '../core/key-cursor.ts';

const SLOTS = 1 << 14;
const SLOT_MASK = SLOTS - 1;

/** Offsets of the log by key; see the head of this file. */
export class Dependencies {
  readonly #offsets = new Float64Array(SLOTS);
  /** Offset of the latest change of all, and of the latest that may have concerned any key. */
  #latest = 0;
  #latestOfAll = 0;
  readonly #keys = new KeyCursor();

  /** Notes that a command has changed something, recorded before an offset. */
  note({ db, request }: Call, { keyPlan }: Command, offset: number): void {
    const keys = this.#keys;
    if (!keyPlan.isExact || !keys.begin(keyPlan, request)) {
      this.noteAny(offset);
      return;
    }
    this.#latest = offset;
    const offsets = this.#offsets;
    for (let i = keys.next(); i !== 0; i = keys.next()) {
      offsets[db.hashOf(request, i) & SLOT_MASK] = offset;
    }
  }

  /** Notes that something has changed, recorded before an offset: any key. */
  noteAny(offset: number): void {
    this.#latest = offset;
    this.#latestOfAll = offset;
  }

  /** The offset of the latest change that the reply of a command may tell of. */
  of(call: Call, command: Command): number {
    if ((command.flags & (READONLY | WRITE)) === 0) return 0;
    const { keyPlan } = command;
    if (!keyPlan.isExact) return this.#latest;
    const { db, request } = call;
    const keys = this.#keys;
    const offsets = this.#offsets;
    let latest = this.#latestOfAll;
    // Keys that are not all there make an error, whatever the data.
    keys.begin(keyPlan, request);
    for (let i = keys.next(); i !== 0; i = keys.next()) {
      const offset = offsets[db.hashOf(request, i) & SLOT_MASK];
      if (offset > latest) latest = offset;
    }
    return latest;
  }
}
