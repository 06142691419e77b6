// Moves the blocks of streams out of pages of the arena that are being emptied, a few at a time. Between two steps a
// stream may change in any way, so what is remembered is the id from which on blocks are still to be examined.
import type { Relocation } from '../../keyspace/collections.ts';
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { relocateCold } from './cold-root.ts';
import type { GroupsRelocation } from './groups-relocation.ts';
import { BlockPlace, blockClass, blockWord } from './id-blocks.ts';
import type { RetentionRules } from './retention-rules.ts';
import type { SharedBlocks } from './shared-blocks.ts';
import { StreamId } from './stream-id.ts';
import { FROZEN, relocateRoot } from './stream-root.ts';

/** The relocation of all streams of an arena. */
export class StreamRelocation implements Relocation {
  root = 0;
  #scanned = 0;
  readonly #groups: GroupsRelocation;
  readonly #retention: RetentionRules;
  /** Whether all blocks of entries are examined, so that the groups are next. */
  #isAtGroups = false;
  readonly #arena: Arena;
  /** Whether somebody keeps the number of a root meanwhile (spilling.ts). */
  readonly #isHeld: (root: number) => boolean;
  readonly #blocks: SharedBlocks;
  readonly #place = new BlockPlace();
  /** Blocks of this id and of greater ones are not examined yet. */
  readonly #next = new StreamId();

  constructor(
    arena: Arena,
    blocks: SharedBlocks,
    groups: GroupsRelocation,
    retention: RetentionRules,
    isHeld: (root: number) => boolean,
  ) {
    this.#isHeld = isHeld;
    this.#groups = groups;
    this.#retention = retention;
    this.#arena = arena;
    this.#blocks = blocks;
  }

  get scanned(): number {
    return this.#scanned + this.#groups.scanned;
  }

  begin(root: number): number {
    this.#next.setZero();
    this.#isAtGroups = false;
    // What writes a frozen stream knows its blocks by their numbers; who holds one knows its root.
    const stays = this.#isFrozen(root) || this.#isHeld(root) || this.#blocks.holds.has(root);
    this.root = stays ? root : relocateRoot(this.#arena, root);
    this.#retention.relocate(this.root);
    this.#scanned++;
    this.#groups.begin(this.root);
    return this.root;
  }

  step(count: number): boolean {
    const { root } = this;
    if (root === 0 || this.#isFrozen(root)) return false;
    if (this.#isAtGroups) return this.#groups.step(count);
    const { index } = this.#blocks;
    const place = this.#place;
    if (this.#next.isZero) {
      relocateCold(this.#arena, root);
      index.relocateDirectory(root);
    }
    let more = index.findOrFirst(root, this.#next, place);
    for (let i = 0; i < count && more; i++) {
      this.#move(root, place);
      more = index.next(root, place);
    }
    if (more) this.#remember(place.block);
    this.#isAtGroups = !more;
    return true;
  }

  /** To be called when a root is freed. */
  freed(root: number): void {
    if (root === this.root) this.root = 0;
  }

  #isFrozen(root: number): boolean {
    return blockWord(this.#arena, root, FROZEN) !== 0;
  }

  #move(root: number, place: BlockPlace): void {
    const arena = this.#arena;
    this.#scanned++;
    if (!arena.isSparse(place.block)) return;
    const moved = arena.relocate(place.block, blockClass(arena, place.block));
    this.#blocks.index.replace(root, place, moved);
  }

  #remember(block: number): void {
    this.#next.load(this.#arena.i32[block >>> SEGMENT_SHIFT], (block & SEGMENT_MASK) << 1);
  }
}
