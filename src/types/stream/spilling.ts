// Moves the oldest blocks of streams into files, as far as they exceed what is to be hot. What is moved stays in memory
// until it is on disk; if it has changed by then, or the stream is gone, it was in vain, and is done again.
//
//   hot blocks, oldest first ──copied──▶ payload of an extent ──▶ file, synced ──▶ one cold block in their place
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import type { Extent, Location } from '../../persistence/cold/extent.ts';
import { idBytes, isCold, NODES, newColdBlock, RAW_BYTES } from './cold-block.ts';
import type { ColdBlocks } from './cold-blocks.ts';
import { coldLive, coldLog, countCold, ensure, hotLimit, setColdLog } from './cold-root.ts';
import { BlockData, DATA_AT, DELETED, LAST_ENTRY_ID, LIVE, USED } from './entry-block.ts';
import type { EntryBlocks } from './entry-blocks.ts';
import { BlockPlace, blockWord, type IdBlocks, LEAST_ID, setBlockWord } from './id-blocks.ts';
import type { SharedBlocks } from './shared-blocks.ts';
import { StreamId } from './stream-id.ts';
import { rootBytes } from './stream-root.ts';

/** Bytes of an extent's payload, about. */
const EXTENT_BYTES = 64 * 1024;
/** Extents that are appended together, at most. */
const MAX_EXTENTS = 16;
/** Between a failure and the next attempt. */
const RETRY_MS = 1000;
/** The version of the payload's form. */
const FORM = 1;

/** The streams whose blocks are moved. */
export interface SpillingHost {
  readonly arena: Arena;
  readonly index: IdBlocks;
  readonly blocks: SharedBlocks;
  readonly entries: EntryBlocks;
  readonly cold: ColdBlocks;
  length(root: number): number;
}

/** A block that is being moved, as it was when it was copied. */
interface MovedBlock {
  readonly block: number;
  readonly least: StreamId;
  readonly used: number;
  readonly live: number;
  readonly deleted: number;
}

interface MovedExtent {
  readonly blocks: readonly MovedBlock[];
  readonly extent: Extent;
  readonly rawBytes: number;
}

/** See the head of this file. */
export class Spilling {
  /** `stream-hot-max-bytes`: how many bytes of a stream are hot at least, where it has no limit of its own; 0: all. */
  defaultBytes = 0;
  /** Whether anything may be moved now: not while data are loaded, and not without a place for files. */
  isEnabled = false;
  /** Called with what failed; it is tried again when the stream grows. */
  onFailure: (error: unknown) => void = () => {};
  /** Number of streams with limits of their own. */
  limits = 0;
  readonly #streams: SpillingHost;
  /** Streams whose blocks are being moved. */
  readonly #busy = new Map<number, Promise<void>>();
  /** Nothing is tried before, by performance.now(): what has failed would fail again with each entry. */
  #retryMs = Number.NEGATIVE_INFINITY;
  /** Streams that have to wait for `enable`. */
  readonly #waiting = new Set<number>();
  readonly #place = new BlockPlace();
  readonly #data = new BlockData();

  constructor(streams: SpillingHost) {
    this.#streams = streams;
  }

  /** Whether streams may have to be looked at when they grow. */
  get isActive(): boolean {
    return this.defaultBytes > 0 || this.limits > 0;
  }

  /** All data are loaded, and there is a place for files: what has waited for that begins. */
  enable(): void {
    this.isEnabled = true;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const root of waiting) this.consider(root);
  }

  /** Whether blocks are being moved. */
  get isBusy(): boolean {
    return this.#busy.size > 0;
  }

  /** Begins to move blocks of a stream, if there are too many hot ones. */
  consider(root: number): void {
    if (!this.isActive || this.#busy.has(root) || this.#excess(root) <= 0) return;
    if (!this.isEnabled) {
      this.#waiting.add(root);
      return;
    }
    if (performance.now() < this.#retryMs) return;
    const moved = this.#gather(root);
    if (moved.length === 0) return;
    const move: Promise<void> = this.#move(root, moved, () => this.#end(root, move)).catch(
      (error: unknown) => {
        // The files of a stream that is gone are gone, too.
        if (!this.#end(root, move)) return;
        this.#retryMs = performance.now() + RETRY_MS;
        this.onFailure(error);
      },
    );
    this.#busy.set(root, move);
  }

  /** Whether blocks of a stream are being moved, so that its root must stay where it is. */
  isMoving(root: number): boolean {
    return this.#busy.has(root);
  }

  /** A move has ended; whether it counts: its stream may be gone, and another one have its root. */
  #end(root: number, move: Promise<void>): boolean {
    return this.#busy.get(root) === move && this.#busy.delete(root);
  }

  /** A stream is gone, or its root is about to be. */
  freed(root: number): void {
    this.#busy.delete(root);
    this.#waiting.delete(root);
  }

  /** By how much the hot part is larger than it is to be, in entries or bytes; at most 0: not at all. */
  #excess(root: number): number {
    const { arena } = this.#streams;
    const limit = hotLimit(arena, root);
    if (limit > 0) return this.#streams.length(root) - coldLive(arena, root) - limit;
    const bytes = limit < 0 ? -limit : this.defaultBytes;
    return bytes === 0 ? 0 : rootBytes(arena, root) - bytes - EXTENT_BYTES;
  }

  /** Copies the oldest hot blocks into extents. */
  #gather(root: number): MovedExtent[] {
    const { arena, index } = this.#streams;
    const place = this.#place;
    const inEntries = hotLimit(arena, root) > 0;
    let excess = this.#excess(root) + (inEntries ? 0 : EXTENT_BYTES);
    const last = index.lastBlock(root);
    const extents: MovedExtent[] = [];
    let blocks: MovedBlock[] = [];
    let bytes = 0;
    const end = () => {
      if (bytes >= EXTENT_BYTES) extents.push(this.#extent(blocks, bytes));
      blocks = [];
      bytes = 0;
    };
    for (let more = index.first(root, place); more; more = index.next(root, place)) {
      const { block } = place;
      if (isCold(arena, block)) {
        // What lies before it stays hot, unless it is worth an extent.
        end();
        continue;
      }
      const used = blockWord(arena, block, USED);
      const live = blockWord(arena, block, LIVE);
      excess -= inEntries ? live : this.#streams.blocks.bytes(block);
      if (block === last || excess < 0 || extents.length === MAX_EXTENTS) break;
      blocks.push(this.#noteOf(block, used, live));
      bytes += DATA_AT + used;
      if (bytes >= EXTENT_BYTES) end();
    }
    return extents;
  }

  #noteOf(block: number, used: number, live: number): MovedBlock {
    const { arena } = this.#streams;
    const least = new StreamId();
    least.load(arena.i32[block >>> SEGMENT_SHIFT], ((block & SEGMENT_MASK) << 1) + LEAST_ID);
    return { block, least, used, live, deleted: blockWord(arena, block, DELETED) };
  }

  #extent(blocks: readonly MovedBlock[], rawBytes: number): MovedExtent {
    const { arena } = this.#streams;
    const payload = Buffer.allocUnsafeSlow(rawBytes);
    let at = 0;
    let entries = 0;
    for (const { block, used, live } of blocks) {
      const header = (block & SEGMENT_MASK) << 3;
      arena.u8[block >>> SEGMENT_SHIFT].copy(payload, at, header, header + DATA_AT);
      this.#data.locate(arena, block);
      const { buffer, start } = this.#data;
      at += DATA_AT;
      at += buffer.copy(payload, at, start, start + used);
      entries += live;
    }
    const [first] = blocks;
    const last = blocks[blocks.length - 1];
    const extent: Extent = {
      payload,
      firstId: idBytes(arena, first.block, LEAST_ID),
      lastId: idBytes(arena, last.block, LAST_ENTRY_ID),
      entries,
      tag: FORM,
    };
    return { blocks, extent, rawBytes };
  }

  async #move(root: number, moved: readonly MovedExtent[], end: () => boolean): Promise<void> {
    const { arena, cold } = this.#streams;
    if (coldLog(arena, root) === 0) {
      ensure(arena, root);
      setColdLog(arena, root, cold.createLog());
    }
    const number = coldLog(arena, root);
    const log = cold.log(number);
    const locations = await log.append(moved.map(({ extent }) => extent));
    // The root may be another stream's by now.
    if (!end()) return;
    for (const [i, location] of locations.entries())
      this.#replace(root, moved[i], number, location);
    this.consider(root);
  }

  /** Puts a cold block in the place of those that are on disk, if they are as they were. */
  #replace(root: number, moved: MovedExtent, log: number, location: Location): void {
    const { arena, blocks, entries, index } = this.#streams;
    const place = this.#place;
    if (!moved.blocks.every((block) => this.#isUnchanged(root, block))) return;
    const cold = newColdBlock(arena, blocks, log, location);
    const [first] = moved.blocks;
    const last = moved.blocks[moved.blocks.length - 1];
    const words = arena.i32[cold >>> SEGMENT_SHIFT];
    const base = (cold & SEGMENT_MASK) << 1;
    first.least.store(words, base + LEAST_ID);
    const lastAt = ((last.block & SEGMENT_MASK) << 1) + LAST_ENTRY_ID;
    const lastWords = arena.i32[last.block >>> SEGMENT_SHIFT];
    for (let i = 0; i < 4; i++) words[base + LAST_ENTRY_ID + i] = lastWords[lastAt + i];
    const live = sum(moved.blocks.map((block) => block.live));
    setBlockWord(arena, cold, LIVE, live);
    setBlockWord(arena, cold, DELETED, sum(moved.blocks.map((block) => block.deleted)));
    setBlockWord(arena, cold, RAW_BYTES, moved.rawBytes);
    setBlockWord(arena, cold, NODES, moved.blocks.length);
    this.#streams.cold.added(cold);
    index.find(root, first.least, place);
    entries.removeAfter(root, place, moved.blocks.length - 1);
    entries.replace(root, place, cold);
    countCold(arena, root, live, moved.rawBytes);
  }

  #isUnchanged(root: number, { block, least, used, live, deleted }: MovedBlock): boolean {
    const { arena, index } = this.#streams;
    const place = this.#place;
    return (
      index.find(root, least, place) &&
      place.block === block &&
      !isCold(arena, block) &&
      blockWord(arena, block, USED) === used &&
      blockWord(arena, block, LIVE) === live &&
      blockWord(arena, block, DELETED) === deleted
    );
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
