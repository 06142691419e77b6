// The cold blocks of all streams: which logs and segments of the cold store they refer to, and their payloads, which are
// read from files. Who can wait has them loaded first (`load`); for others the event loop waits.

import { UnreadableValueError } from '../../keyspace/unreadable-value.ts';
import type { Arena } from '../../memory/arena.ts';
import { ColdError } from '../../persistence/cold/cold-error.ts';
import type { ColdLog } from '../../persistence/cold/cold-log.ts';
import type { ColdStore } from '../../persistence/cold/cold-store.ts';
import type { ExtentRef } from '../../persistence/cold/extent.ts';
import type { LogId } from '../../persistence/cold/segment-name.ts';
import { COLD_LOG, extentOf, SEGMENT } from './cold-block.ts';
import { blockWord } from './id-blocks.ts';

/** Payloads of cold blocks, by place. */
export type Payloads = ReadonlyMap<string, Buffer>;

/** None of them. */
export const NOTHING: Payloads = new Map();

/** A log, and who refers to it. */
interface LogUse {
  readonly log: ColdLog;
  /** Number of cold blocks by segment. */
  readonly blocks: Map<number, number>;
  /** Streams that may still append to it: two while one is loaded in the place of the other, as by DEBUG RELOAD. */
  owners: number;
}

/** See the head of this file. */
export class ColdBlocks {
  /** Where files are; undefined: streams are hot as a whole. */
  store: ColdStore | undefined;
  readonly #arena: Arena;
  /** By number, from 1. */
  readonly #logs: (LogUse | undefined)[] = [undefined];
  /** Payloads that were loaded for the command that runs, by place. */
  #loaded: Payloads = NOTHING;

  #isRecovering = true;
  /** What files that were loaded have referred to. */
  readonly #found = new Map<ColdLog, ExtentRef[]>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** A new log for a stream. @throws Error without a store */
  createLog(): number {
    if (this.store === undefined) throw new Error('there is no place for cold blocks');
    return this.#add(this.store.create(), 1);
  }

  /** The number of a log that a file refers to. @throws Error without a store */
  numberOf(id: LogId): number {
    const known = this.#logs.findIndex((use) => use?.log.id === id);
    if (known > 0) return known;
    if (this.store === undefined) throw new Error('there is no place for cold blocks');
    return this.#add(this.store.log(id), 0);
  }

  #add(log: ColdLog, owners: number): number {
    const use = { log, blocks: new Map(), owners };
    const vacant = this.#logs.indexOf(undefined, 1);
    if (vacant < 0) return this.#logs.push(use) - 1;
    this.#logs[vacant] = use;
    return vacant;
  }

  /** The log with a number. */
  log(number: number): ColdLog {
    return this.#use(number).log;
  }

  #use(number: number): LogUse {
    const use = this.#logs[number];
    if (use === undefined) throw new Error(`there is no cold log ${number}`);
    return use;
  }

  /** The segments that are referred to, and those that were by what was loaded: for what ends a recovery. */
  references(): [LogId, Iterable<number>][] {
    const all = new Map<LogId, Set<number>>();
    for (const [{ id }, refs] of this.#found)
      all.set(id, new Set(refs.map(({ segment }) => segment)));
    for (const use of this.#logs) {
      if (use === undefined) continue;
      const segments = all.get(use.log.id) ?? new Set();
      for (const segment of use.blocks.keys()) segments.add(segment);
      all.set(use.log.id, segments);
    }
    this.#found.clear();
    this.#isRecovering = false;
    return [...all];
  }

  /** A cold block that a file refers to has come to be, as `added`. */
  found(block: number): void {
    this.added(block);
    if (!this.#isRecovering) return;
    const log = this.#logOf(block);
    const refs = this.#found.get(log) ?? [];
    refs.push(extentOf(this.#arena, block));
    this.#found.set(log, refs);
  }

  /** Checks what files have referred to since the start; returns what is wrong. */
  async verifyLoaded(): Promise<ColdError[]> {
    const problems: ColdError[] = [];
    for (const [log, refs] of this.#found) problems.push(...(await log.verify(refs)));
    return problems;
  }

  /** A cold block has come to be. */
  added(block: number): void {
    const { blocks } = this.#use(blockWord(this.#arena, block, COLD_LOG));
    const segment = blockWord(this.#arena, block, SEGMENT) >>> 0;
    blocks.set(segment, (blocks.get(segment) ?? 0) + 1);
  }

  /** A cold block is about to be freed; segments that nobody refers to any more are deleted. */
  freed(block: number): void {
    const number = blockWord(this.#arena, block, COLD_LOG);
    const use = this.#use(number);
    const { blocks } = use;
    const segment = blockWord(this.#arena, block, SEGMENT) >>> 0;
    const left = (blocks.get(segment) ?? 1) - 1;
    if (left > 0) {
      blocks.set(segment, left);
      return;
    }
    blocks.delete(segment);
    if (blocks.size > 0) use.log.dropBefore(Math.min(...blocks.keys()));
    else this.#emptied(number, use);
  }

  /** A stream that was loaded goes on appending to a log. */
  own(number: number): void {
    this.#use(number).owners++;
  }

  /** The stream that appended to a log is gone. */
  disowned(number: number): void {
    const use = this.#use(number);
    use.owners--;
    if (use.blocks.size === 0) this.#emptied(number, use);
  }

  #emptied(number: number, use: LogUse): void {
    if (use.owners > 0) {
      use.log.dropBefore(Number.POSITIVE_INFINITY);
      return;
    }
    use.log.delete();
    this.#logs[number] = undefined;
  }

  // ── Payloads ────────────────────────────────────────────────────────────────────────────────

  /** The blocks of entries that a cold block stands for. @throws UnreadableValueError */
  payload(block: number): Buffer {
    const loaded = this.#loaded.get(this.#placeOf(block));
    if (loaded !== undefined) return loaded;
    try {
      return this.#logOf(block).readNow(extentOf(this.#arena, block)).payload;
    } catch (error) {
      if (error instanceof ColdError) throw new UnreadableValueError(error.message);
      throw error;
    }
  }

  /**
   * Reads cold blocks, off the event loop. What cannot be read is left to whoever asks for it.
   * @param ahead those that are likely to be asked for next
   */
  async load(blocks: readonly number[], ahead: readonly number[]): Promise<Payloads> {
    const payloads = new Map<string, Buffer>();
    const reads = blocks.map(async (block) => {
      const place = this.#placeOf(block);
      const extent = await this.#logOf(block)
        .read(extentOf(this.#arena, block))
        .catch((error: unknown) => {
          if (!(error instanceof ColdError)) throw error;
        });
      if (extent !== undefined) payloads.set(place, extent.payload);
    });
    this.readAhead(ahead);
    await Promise.all(reads);
    return payloads;
  }

  /** Whether the payload of a block is in memory: loaded for the command that runs, or from an earlier one. */
  isAtHand(block: number): boolean {
    if (this.#loaded.has(this.#placeOf(block))) return true;
    return this.#logOf(block).isCached(extentOf(this.#arena, block));
  }

  /** Begins to read blocks that are likely to be asked for next. */
  readAhead(blocks: readonly number[]): void {
    // They may be of several streams, and so of several logs.
    for (const block of blocks) this.#logOf(block).readAhead([extentOf(this.#arena, block)]);
  }

  /** Runs `use` with payloads that were loaded for it. */
  withLoaded(payloads: Payloads, use: () => void): void {
    this.#loaded = payloads;
    try {
      use();
    } finally {
      this.#loaded = NOTHING;
    }
  }

  #logOf(block: number): ColdLog {
    return this.log(blockWord(this.#arena, block, COLD_LOG));
  }

  /** Names what a block refers to: its number may be another block's later. */
  #placeOf(block: number): string {
    const { segment, offset } = extentOf(this.#arena, block);
    return `${blockWord(this.#arena, block, COLD_LOG)}:${segment}:${offset}`;
  }
}
