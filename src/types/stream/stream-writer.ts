// Writes streams to RDB files and payloads, as Redis 7.0 does:
//
//   n, n × ( string: id of a node, string: listpack )
//   length, last id, first id, largest deleted id, entries added
//   n, n × group (group-reader.ts)
//
// A long one is frozen and takes several steps; nothing has to be done when it changes meanwhile, as what it was is in
// blocks that are left to the writer (frozen-stream.ts). While it is frozen, others write it at once.

import type { Entries } from '../../keyspace/entries.ts';
import type { ValueExtension, ValueRest, ValueWriter } from '../../keyspace/value-type.ts';
import type { LongString } from '../../persistence/rdb/format/long-string.ts';
import { RdbWriter } from '../../persistence/rdb/format/rdb-writer.ts';
import { BlockCursor } from './block-cursor.ts';
import { BlockImage, isCold, RAW_BYTES } from './cold-block.ts';
import { coldBytes, coldLive } from './cold-root.ts';
import { PACKED_BYTES } from './entry-block.ts';
import type { BlockKind, FrozenStream } from './frozen-stream.ts';
import type { GroupState } from './group-state.ts';
import { blockWord } from './id-blocks.ts';
import { ID_BYTES, storeId, writeId } from './id-codec.ts';
import { NodeWriter } from './node-writer.ts';
import { PendingItem, PendingLeaf } from './pending-leaf.ts';
import { encodeRule, RETENTION_EXTENSION } from './retention-rule.ts';
import { StreamId } from './stream-id.ts';
import {
  counterAt,
  ENTRIES_ADDED,
  FIRST_ID,
  LAST_ID,
  loadRootId,
  MAX_DELETED_ID,
} from './stream-root.ts';
import type { Streams } from './streams.ts';
import { encodeTier, TIER_EXTENSION } from './tier-state.ts';
import { streamsOf } from './values.ts';

const NO_BLOCKS = new Int32Array(0);

/** The type byte of what is written: with first id, largest deleted id, and numbers of entries added and read. */
export const STREAM_2 = 19;
/** Weight of a block in a step, in addition to its bytes. */
const BLOCK_WEIGHT = 64;
/** Weight of a block of pending entries: numbers of 64 bits take their time. */
const LEAF_WEIGHT = 4096;
/** Size of the pieces of what is written in advance. */
const PIECE_BYTES = 4096;

/** Where the parts of a stream go. */
interface PartSink {
  /** Takes all but blocks. */
  readonly writer: RdbWriter;
  /** Takes blocks. */
  blocks(kind: BlockKind, blocks: Int32Array): void;
}

/** Writes blocks of every kind. */
class BlockWriter {
  readonly streams: Streams;
  readonly #image = new BlockImage();
  readonly #nodes: NodeWriter;
  readonly #leaf: PendingLeaf;
  readonly #item = new PendingItem();
  readonly #id = Buffer.alloc(ID_BYTES);

  constructor(streams: Streams) {
    this.streams = streams;
    this.#nodes = new NodeWriter(streams);
    this.#leaf = new PendingLeaf(streams.arena);
  }

  /** Writes a block; returns what is still to be written of it, if it is too long for a step. */
  write(writer: RdbWriter, kind: BlockKind, block: number): LongString | undefined {
    if (kind === 'cold') return undefined;
    if (kind === 'entries') {
      if (!isCold(this.streams.arena, block)) return this.#nodes.write(writer, block);
      this.#writeCold(writer, block);
      return undefined;
    }
    const leaf = this.#leaf.open(block);
    const item = this.#item;
    const bytes = this.#id;
    for (let i = 0; i < leaf.count; i++) {
      leaf.load(i, item);
      storeId(bytes, 0, item.id);
      writer.raw(bytes, 0, ID_BYTES);
      if (kind === 'own') continue;
      writer.int64(item.timeMs);
      writer.length(item.deliveries);
    }
    return undefined;
  }

  /** Writes the blocks that a cold block stands for. */
  #writeCold(writer: RdbWriter, block: number): void {
    const image = this.#image;
    const payload = this.streams.cold.payload(block);
    for (let more = image.open(payload, 0); more; more = image.open(payload, image.next)) {
      this.#nodes.writeImage(writer, image)?.finish(writer);
    }
  }

  /** About the bytes of a block in a file. */
  weight(kind: BlockKind, block: number): number {
    if (kind === 'cold') return BLOCK_WEIGHT;
    if (kind !== 'entries') return LEAF_WEIGHT;
    const { arena } = this.streams;
    if (isCold(arena, block)) return blockWord(arena, block, RAW_BYTES);
    return blockWord(arena, block, PACKED_BYTES) + BLOCK_WEIGHT;
  }
}

/** That of the streams that were used last. */
let lastWriter: BlockWriter | undefined;

function blockWriterOf(streams: Streams): BlockWriter {
  if (lastWriter?.streams !== streams) lastWriter = new BlockWriter(streams);
  return lastWriter;
}

/** How streams are written; see the head of this file. */
export const streamWriter: ValueWriter = {
  typeByte: () => STREAM_2,
  extensions(entries, ref, refersToFiles) {
    const streams = streamsOf(entries);
    const root = entries.root(ref);
    const extensions: ValueExtension[] = [];
    const rule = streams.retention.read(root);
    if (rule !== undefined) extensions.push({ name: RETENTION_EXTENSION, bytes: encodeRule(rule) });
    const tier = encodeTier(streams, root, refersToFiles);
    if (tier !== undefined) extensions.push({ name: TIER_EXTENSION, bytes: tier });
    return extensions;
  },
  write(writer, entries, ref) {
    const streams = streamsOf(entries);
    const root = entries.root(ref);
    if (streams.bytes(root) + coldBytes(streams.arena, root) > writer.stepBytes) {
      const rest = StreamRest.begin(writer, entries, root);
      if (rest !== undefined) return rest.first(writer) ? rest : undefined;
    }
    writeAtOnce(writer, streams, root);
    return undefined;
  },
};

function writeAtOnce(writer: RdbWriter, streams: Streams, root: number): void {
  const blockWriter = blockWriterOf(streams);
  writeParts(streams, root, writer.refersToFiles, {
    writer,
    blocks(kind, blocks) {
      for (const block of blocks) blockWriter.write(writer, kind, block)?.finish(writer);
    },
  });
}

/**
 * Writes a stream part by part.
 * @param refersToFiles whether cold blocks are left out, as an extension refers to them: what is written is the hot part
 */
function writeParts(streams: Streams, root: number, refersToFiles: boolean, sink: PartSink): void {
  const { arena, index } = streams;
  const { writer } = sink;
  const blocks = index.blocks(root);
  const cold = refersToFiles ? blocks.filter((block) => isCold(arena, block)) : NO_BLOCKS;
  const firstId = new StreamId();
  loadRootId(arena, root, FIRST_ID, firstId);
  if (cold.length === 0) {
    writer.length(streams.nodes(root));
    sink.blocks('entries', blocks);
    writer.length(streams.length(root));
  } else {
    const hot = blocks.filter((block) => !isCold(arena, block));
    writer.length(hot.length);
    sink.blocks('entries', hot);
    sink.blocks('cold', cold);
    writer.length(streams.length(root) - coldLive(arena, root));
    firstOf(streams, hot, firstId);
  }
  const id = new StreamId();
  loadRootId(arena, root, LAST_ID, id);
  writeId(writer, id);
  writeId(writer, firstId);
  loadRootId(arena, root, MAX_DELETED_ID, id);
  writeId(writer, id);
  writer.length64(BigInt.asUintN(64, counterAt(arena, root, ENTRIES_ADDED)));
  const groups = streams.groups.states(root);
  writer.length(groups.length);
  for (const group of groups) writeGroup(group, sink);
}

/** The id of the first entry in some blocks; 0-0 when there is none. */
function firstOf({ arena, cold }: Streams, blocks: Int32Array, id: StreamId): void {
  const cursor = new BlockCursor(arena, cold);
  id.setZero();
  for (const block of blocks) {
    cursor.open(block);
    while (cursor.next()) {
      if (cursor.isDeleted) continue;
      id.set(cursor.id);
      return;
    }
  }
}

function writeGroup(group: GroupState, sink: PartSink): void {
  const { writer } = sink;
  const { name, lastId, entriesRead, pending, blocks, consumers } = group;
  writer.string(name, 0, name.length);
  writeId(writer, lastId);
  writer.length64(BigInt.asUintN(64, entriesRead));
  writer.length(pending);
  sink.blocks('pending', blocks);
  writer.length(consumers.length);
  for (const consumer of consumers) {
    writer.string(consumer.name, 0, consumer.name.length);
    writer.int64(consumer.seenMs);
    writer.length(consumer.pending);
    sink.blocks('own', consumer.blocks);
  }
}

/** The rest of a long stream. */
class StreamRest implements ValueRest {
  readonly #frozen: FrozenStream;
  readonly #entries: Entries;
  /** What is left of the present block, if it is too long for a step. */
  #long: LongString | undefined;

  private constructor(frozen: FrozenStream, entries: Entries) {
    this.#frozen = frozen;
    this.#entries = entries;
  }

  /** Begins with a stream; undefined if it is being written already. */
  static begin(writer: RdbWriter, entries: Entries, root: number): StreamRest | undefined {
    const streams = streamsOf(entries);
    const frozen = streams.freeze(root);
    if (frozen === undefined) return undefined;
    const rest = new StreamRest(frozen, entries);
    rest.#orAbandon(() => rest.#describe(writer, streams, root));
    return rest;
  }

  /** Describes what is to be written, but for blocks. */
  #describe(writer: RdbWriter, streams: Streams, root: number): void {
    const frozen = this.#frozen;
    const aside = new RdbWriter(
      (piece) => {
        // There may be many, of a few bytes each.
        frozen.addBytes(Buffer.from(piece));
        aside.recycle(piece);
      },
      { compresses: writer.compresses, pieceBytes: PIECE_BYTES },
    );
    writeParts(streams, root, writer.refersToFiles, {
      writer: aside,
      blocks(kind, blocks) {
        if (blocks.length === 0) return;
        aside.flush();
        frozen.addBlocks(kind, blocks);
      },
    });
    aside.flush();
  }

  /** The first step; nobody has the rest yet. */
  first(writer: RdbWriter): boolean {
    return this.#orAbandon(() => this.step(writer));
  }

  #orAbandon<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  step(writer: RdbWriter): boolean {
    const frozen = this.#frozen;
    const blocks = blockWriterOf(streamsOf(this.#entries));
    for (let weight = 0; weight < writer.stepBytes; ) {
      if (this.#long !== undefined) {
        if (this.#long.step(writer)) return true;
        this.#long = undefined;
      }
      if (!frozen.next()) return false;
      const { block, kind, bytes } = frozen;
      if (bytes !== undefined) {
        writer.raw(bytes, 0, bytes.length);
        weight += bytes.length;
        continue;
      }
      weight += blocks.weight(kind, block);
      this.#long = blocks.write(writer, kind, block);
    }
    return true;
  }

  /** What it was is in blocks that do not change. */
  detach(): boolean {
    return true;
  }

  abandon(): void {
    const frozen = this.#frozen;
    if (!frozen.abandonStep()) this.#entries.onLargeValue(() => frozen.abandonStep());
  }
}
