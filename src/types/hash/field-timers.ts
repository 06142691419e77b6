// When the fields of hashes expire. The fields of one hash that do are in a heap (keyspace/expiry-heap.ts), and each
// hash that has such a heap is in another one, by its soonest field, so that work in the background touches only what
// is due. A timer is the block in between:
//
//   all hashes: [ timer, timer, … ]        timer, word 0  1            2 … 5    6
//                  soonest first                 [ heap ][ key's hash ][ free ][ position among all ]
//   one hash:   [ field, field, … ]
//
// The entry of a hash has its root, the root its timer. The way back is the hash of its key: whoever wants to know whose
// timer it is looks for the key with this hash and this timer, in all databases. So a hash may be moved, and databases
// exchanged, without its timer being touched; only another key is reported (`rename`).
import { ExpiryHeap, HEAP_POSITION_WORD } from '../../keyspace/expiry-heap.ts';
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { classOf } from '../../memory/size-classes.ts';

const HEAP = 0;
const KEY_HASH = 1;
const TIMER_CLASS = classOf(4 * (HEAP_POSITION_WORD + 1));
/** The position of a timer that is not among all: nobody can find its hash yet, or any more. */
const NOWHERE = -1;

/** The timers of an arena; see the head of this file. */
export class FieldTimers {
  readonly #arena: Arena;
  readonly #all: ExpiryHeap;
  /** The view that is pointed at the heap of one hash after another. */
  readonly #heap: ExpiryHeap;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#all = new ExpiryHeap(arena);
    this.#heap = new ExpiryHeap(arena);
  }

  /** The soonest time at which a field of any hash expires, in ms since the epoch; Infinity when none does. */
  get soonestMs(): number {
    return this.#all.soonestMs;
  }

  /** The timer of the hash whose field expires soonest; there is one. */
  get soonest(): number {
    return this.#all.at(0);
  }

  /** Bytes of the heap of all timers. */
  get overheadBytes(): number {
    return this.#all.overheadBytes;
  }

  /** Makes a timer that is not among all yet, with room for a field. @throws ArenaFullError */
  create(): number {
    const heap = this.#heap;
    let timer = 0;
    try {
      timer = this.#arena.allocate(TIMER_CLASS);
      heap.point(0);
      heap.reserve();
    } catch (error) {
      if (timer !== 0) this.#arena.free(timer, TIMER_CLASS);
      this.#settle();
      throw error;
    }
    this.#set(timer, HEAP, heap.root);
    this.#set(timer, KEY_HASH, 0);
    this.#set(timer, HEAP_POSITION_WORD, NOWHERE);
    return timer;
  }

  /** Frees a timer and its heap. */
  free(timer: number): void {
    this.withdraw(timer);
    this.open(timer).discard();
    this.#arena.free(timer, TIMER_CLASS);
    this.#settle();
  }

  /** The heap of a timer; valid until the next call. Who has changed it calls `changed`. */
  open(timer: number): ExpiryHeap {
    const heap = this.#heap;
    heap.point(this.#get(timer, HEAP));
    return heap;
  }

  /** To be called when the heap that was opened last, this timer's, has changed. */
  changed(timer: number): void {
    this.#set(timer, HEAP, this.#heap.root);
    const position = this.#get(timer, HEAP_POSITION_WORD);
    if (position !== NOWHERE) this.#all.update(position, this.#heap.soonestMs);
  }

  /** Makes room for a timer among all, so that `announce` cannot fail. @throws ArenaFullError */
  reserve(): void {
    this.#all.reserve();
  }

  /** Adds a timer to all, or gives one that is there the hash of another key. */
  announce(timer: number, keyHash: number): void {
    this.#set(timer, KEY_HASH, keyHash);
    if (this.#get(timer, HEAP_POSITION_WORD) === NOWHERE) {
      this.#all.add(timer, this.open(timer).soonestMs);
    }
  }

  /** Takes a timer out of all, if it is there. */
  withdraw(timer: number): void {
    const position = this.#get(timer, HEAP_POSITION_WORD);
    if (position === NOWHERE) return;
    this.#all.remove(position);
    this.#set(timer, HEAP_POSITION_WORD, NOWHERE);
    this.#settle();
  }

  /** The hash of the key of a timer's hash. */
  keyHash(timer: number): number {
    return this.#get(timer, KEY_HASH);
  }

  /** Bytes of a timer and its heap. */
  bytes(timer: number): number {
    return this.#arena.blockBytes(TIMER_CLASS) + this.open(timer).overheadBytes;
  }

  /** Moves a timer out of a page that is being emptied; returns its reference afterwards. */
  relocate(timer: number): number {
    if (!this.#arena.isSparse(timer)) return timer;
    const moved = this.#arena.relocate(timer, TIMER_CLASS);
    const position = this.#get(moved, HEAP_POSITION_WORD);
    if (position !== NOWHERE) this.#all.relocated(position, moved);
    return moved;
  }

  /** Moves a chunk of a timer's heap out of a page that is being emptied, as ExpiryHeap.relocate. */
  relocateHeap(timer: number, chunk: number): number {
    const heap = this.open(timer);
    const next = heap.relocate(chunk);
    this.#set(timer, HEAP, heap.root);
    return next;
  }

  /** Gives the memory of all back when there are none: `reserve` may have made room in vain. */
  #settle(): void {
    if (this.#all.size === 0) this.#all.discard();
  }

  #get(timer: number, word: number): number {
    return this.#arena.i32[timer >>> SEGMENT_SHIFT][((timer & SEGMENT_MASK) << 1) + word];
  }

  #set(timer: number, word: number, value: number): void {
    this.#arena.i32[timer >>> SEGMENT_SHIFT][((timer & SEGMENT_MASK) << 1) + word] = value;
  }
}
