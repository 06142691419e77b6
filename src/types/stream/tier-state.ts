// What is written of the cold part of a stream where files are referred to, beside the stream itself, which has its hot
// blocks only then (an extension of the value: Redis reads the hot part). All numbers are little endian:
//
//   [ version: 1 byte ][ limit: a double ][ first id: 16 bytes ][ own log: 16 bytes, or 0 ][ n ]
//   n × [ log: 16 bytes ][ first id ][ last id ][ segment ][ offset ][ bytes in file ][ raw bytes ][ live ][ deleted ][ nodes ]
//
// Without references only version and limit are there.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import { isLogId } from '../../persistence/cold/segment-name.ts';
import { COLD_LOG, extentOf, isCold, NODES, newColdBlock, RAW_BYTES } from './cold-block.ts';
import { coldLog, countCold, hotLimit, setColdLog } from './cold-root.ts';
import { DELETED, LAST_ENTRY_ID, LIVE } from './entry-block.ts';
import { BlockPlace, blockWord, LEAST_ID, setBlockWord } from './id-blocks.ts';
import { ID_BYTES, loadId } from './id-codec.ts';
import { StreamId } from './stream-id.ts';
import { COLD, FIRST_ID, loadRootId, setRootLength, storeRootId } from './stream-root.ts';
import type { Streams } from './streams.ts';

/** Name of the extension. */
export const TIER_EXTENSION = 'synap-stream-tier';

const VERSION = 1;
const LIMIT_AT = 1;
const FIRST_AT = 9;
const LOG_AT = FIRST_AT + ID_BYTES;
const COUNT_AT = LOG_AT + ID_BYTES;
const HEADER_BYTES = COUNT_AT + 4;
const WORDS = ['segment', 'offset', 'lengthBytes', 'rawBytes', 'live', 'deleted', 'nodes'] as const;
const WORDS_AT = 3 * ID_BYTES;
const ITEM_BYTES = WORDS_AT + 4 * WORDS.length;

/** A cold block, as it is written. */
type ColdItem = Readonly<Record<(typeof WORDS)[number], number>> & {
  readonly log: string;
  readonly firstId: Buffer;
  readonly lastId: Buffer;
};

/** What was read. */
export interface TierState {
  readonly limit: number;
  /** Undefined where files are not referred to. */
  readonly cold: ColdState | undefined;
}

interface ColdState {
  readonly firstId: Buffer;
  /** Undefined: it has none. */
  readonly ownLog: string | undefined;
  readonly items: readonly ColdItem[];
}

/**
 * The state of a stream; undefined when there is nothing to be said.
 * @param refersToFiles whether cold blocks are written by what they refer to
 */
export function encodeTier(
  streams: Streams,
  root: number,
  refersToFiles: boolean,
): Buffer | undefined {
  const { arena } = streams;
  if (blockWord(arena, root, COLD) === 0) return undefined;
  const limit = hotLimit(arena, root);
  const blocks = refersToFiles ? coldBlocks(streams, root) : [];
  if (limit === 0 && blocks.length === 0) return undefined;
  const bytes = Buffer.alloc(
    blocks.length === 0 ? FIRST_AT : HEADER_BYTES + ITEM_BYTES * blocks.length,
  );
  bytes[0] = VERSION;
  bytes.writeDoubleLE(limit, LIMIT_AT);
  if (blocks.length === 0) return bytes;
  const id = new StreamId();
  loadRootId(arena, root, FIRST_ID, id);
  writeIdAt(bytes, FIRST_AT, id);
  const own = coldLog(arena, root);
  if (own !== 0) bytes.write(streams.cold.log(own).id, LOG_AT, 'hex');
  bytes.writeUInt32LE(blocks.length, COUNT_AT);
  for (const [i, block] of blocks.entries()) {
    encodeItem(streams, block, bytes, HEADER_BYTES + ITEM_BYTES * i);
  }
  return bytes;
}

function encodeItem({ arena, cold }: Streams, block: number, bytes: Buffer, at: number): void {
  const { firstId, lastId, ...extent } = extentOf(arena, block);
  bytes.write(cold.log(blockWord(arena, block, COLD_LOG)).id, at, 'hex');
  bytes.set(firstId, at + ID_BYTES);
  bytes.set(lastId, at + 2 * ID_BYTES);
  const words = {
    ...extent,
    rawBytes: blockWord(arena, block, RAW_BYTES),
    live: blockWord(arena, block, LIVE),
    deleted: blockWord(arena, block, DELETED),
    nodes: blockWord(arena, block, NODES),
  };
  for (const [i, word] of WORDS.entries()) bytes.writeUInt32LE(words[word], at + WORDS_AT + 4 * i);
}

function coldBlocks({ arena, index }: Streams, root: number): number[] {
  return [...index.blocks(root)].filter((block) => isCold(arena, block));
}

function writeIdAt(bytes: Buffer, at: number, { msHigh, msLow, seqHigh, seqLow }: StreamId): void {
  for (const [i, word] of [msHigh, msLow, seqHigh, seqLow].entries())
    bytes.writeInt32BE(word, at + 4 * i);
}

/** Reads a state; undefined when it is damaged, or of another version. */
export function decodeTier(bytes: Buffer): TierState | undefined {
  if (bytes.length < FIRST_AT || bytes[0] !== VERSION) return undefined;
  const limit = bytes.readDoubleLE(LIMIT_AT);
  if (!Number.isSafeInteger(limit)) return undefined;
  if (bytes.length === FIRST_AT) return { limit, cold: undefined };
  if (bytes.length < HEADER_BYTES) return undefined;
  const count = bytes.readUInt32LE(COUNT_AT);
  if (bytes.length !== HEADER_BYTES + ITEM_BYTES * count) return undefined;
  const items = Array.from({ length: count }, (_, i) =>
    decodeItem(bytes, HEADER_BYTES + ITEM_BYTES * i),
  );
  const ownLog = bytes.toString('hex', LOG_AT, LOG_AT + ID_BYTES);
  const hasLog = !/^0+$/.test(ownLog);
  const logs = items.map(({ log }) => log);
  if (![...logs, ...(hasLog ? [ownLog] : [])].every(isLogId)) return undefined;
  const firstId = bytes.subarray(FIRST_AT, FIRST_AT + ID_BYTES);
  return { limit, cold: { firstId, ownLog: hasLog ? ownLog : undefined, items } };
}

function decodeItem(bytes: Buffer, at: number): ColdItem {
  const word = (name: (typeof WORDS)[number]) =>
    bytes.readUInt32LE(at + WORDS_AT + 4 * WORDS.indexOf(name));
  return {
    log: bytes.toString('hex', at, at + ID_BYTES),
    firstId: bytes.subarray(at + ID_BYTES, at + 2 * ID_BYTES),
    lastId: bytes.subarray(at + 2 * ID_BYTES, at + 3 * ID_BYTES),
    segment: word('segment'),
    offset: word('offset'),
    lengthBytes: word('lengthBytes'),
    rawBytes: word('rawBytes'),
    live: word('live'),
    deleted: word('deleted'),
    nodes: word('nodes'),
  };
}

/**
 * Gives a stream that was read, with its hot blocks, what else was written of it.
 * @returns false when its cold blocks do not fit in between the hot ones
 * @throws ArenaFullError
 */
export function applyTier(streams: Streams, root: number, { limit, cold }: TierState): boolean {
  // Where there are no files, as in a check, the hot part is all that there is.
  if (cold !== undefined && streams.cold.store !== undefined) {
    for (const item of cold.items) if (!addCold(streams, root, item)) return false;
    const first = new StreamId();
    loadId(cold.firstId, 0, first);
    storeRootId(streams.arena, root, FIRST_ID, first);
    if (cold.ownLog !== undefined) {
      const number = streams.cold.numberOf(cold.ownLog);
      streams.cold.own(number);
      setColdLog(streams.arena, root, number);
    }
  }
  if (limit !== 0) streams.setHotLimit(root, limit);
  return true;
}

const place = new BlockPlace();
const first = new StreamId();
const last = new StreamId();

function addCold(streams: Streams, root: number, item: ColdItem): boolean {
  const { arena, blocks, cold, index } = streams;
  loadId(item.firstId, 0, first);
  loadId(item.lastId, 0, last);
  const isBehind = index.find(root, first, place);
  if (first.compare(last) > 0 || !hasRoom(streams, root, isBehind)) return false;
  const block = newColdBlock(arena, blocks, cold.numberOf(item.log), item);
  const words = arena.i32[block >>> SEGMENT_SHIFT];
  const base = (block & SEGMENT_MASK) << 1;
  first.store(words, base + LEAST_ID);
  last.store(words, base + LAST_ENTRY_ID);
  setBlockWord(arena, block, LIVE, item.live);
  setBlockWord(arena, block, DELETED, item.deleted);
  setBlockWord(arena, block, RAW_BYTES, item.rawBytes);
  setBlockWord(arena, block, NODES, item.nodes);
  cold.found(block);
  streams.entries.insert(root, place, isBehind, block);
  countCold(arena, root, item.live, item.rawBytes);
  setRootLength(arena, root, streams.length(root) + item.live);
  return true;
}

/** Whether the ids from `first` to `last` are behind those of the block at `place`, and before those of the next one. */
function hasRoom({ arena, index }: Streams, root: number, isBehind: boolean): boolean {
  const next = new BlockPlace();
  if (isBehind) {
    const words = arena.i32[place.block >>> SEGMENT_SHIFT];
    if (first.compareAt(words, ((place.block & SEGMENT_MASK) << 1) + LAST_ENTRY_ID) <= 0)
      return false;
    Object.assign(next, place);
    index.next(root, next);
  } else {
    index.first(root, next);
  }
  if (next.block === 0) return true;
  const words = arena.i32[next.block >>> SEGMENT_SHIFT];
  return last.compareAt(words, ((next.block & SEGMENT_MASK) << 1) + LEAST_ID) < 0;
}
