// Writes a whole RDB file, of the oldest version that has all it needs, in pieces of a bounded size: a snapshot hands it one entry after another, in
// any order of databases, and receives the pieces. A long value is only begun with its entry, and continued in steps
// (entry-stream.ts).
import { type AccessSettings, idleMs, lfuCounter } from '../../keyspace/access-clock.ts';
import { NO_EXPIRY } from '../../keyspace/entries.ts';
import type { SnapshotSink } from '../../keyspace/snapshot.ts';
import type { ValueRest } from '../../keyspace/value-type.ts';
import { EntryStream } from './entry-stream.ts';
import { writeExtensions } from './extension-fields.ts';
import { Crc64 } from './format/crc64.ts';
import {
  CHECKSUM_BYTES,
  LATEST_RDB_VERSION,
  MAGIC,
  OP_AUX,
  OP_EOF,
  OP_EXPIRETIME_MS,
  OP_FREQ,
  OP_IDLE,
  OP_RESIZEDB,
  OP_SELECTDB,
  RDB_VERSION,
} from './format/rdb-format.ts';
import type { PieceReceiver, RdbWriter } from './format/rdb-writer.ts';
import type { ValueTarget } from './value-cursor.ts';

/** How a file is written. */
export interface RdbFileOptions {
  /** Compress long strings (`rdbcompression`). */
  readonly compresses: boolean;
  /** End with a checksum (`rdbchecksum`); else with zeros. */
  readonly hasChecksum: boolean;
  /** Which access clock of each key is written: the one that the eviction policy uses. */
  readonly use: 'idle time' | 'frequency' | undefined;
  readonly access: AccessSettings;
  /** The time from which idle times are computed, in ms since the epoch. */
  readonly nowMs: number;
  /** Whether what lies in files of the data directory is referred to, instead of being written. */
  readonly refersToFiles?: boolean;
}

/** A database in the file. */
export interface RdbSource {
  readonly index: number;
  /** Number of keys, and of keys with an expiry. */
  readonly size: number;
  readonly expiring: number;
}

/** The file's auxiliary fields. */
export interface RdbFacts {
  /** Redis version that Synap reports to clients. */
  readonly redisVersion: string;
  readonly usedMemoryBytes: number;
  /** Whether it is the base of a log. */
  readonly isLogBase: boolean;
  /** Offset of the log at which the snapshot was taken, and its replication id. */
  readonly offset?: number;
  readonly replicationId?: string;
}

/** The writer of one file; see the head of this file. */
export class RdbFileWriter implements SnapshotSink {
  /** Keys written. */
  keys = 0;
  /** Bytes of all pieces that were emitted. */
  bytes = 0;

  readonly #keyspace: ValueTarget;
  readonly #options: RdbFileOptions;
  readonly #stream: EntryStream;
  readonly #checksum = new Crc64();
  #source: RdbSource | undefined;
  readonly #sized = new Set<RdbSource>();

  /**
   * @param keyspace where the entries are
   * @param receive receives the pieces as they become full, and owns them
   */
  constructor(
    keyspace: ValueTarget,
    options: RdbFileOptions,
    receive: PieceReceiver,
    pieceBytes?: number,
  ) {
    this.#keyspace = keyspace;
    this.#options = options;
    const sum: PieceReceiver = (piece) => {
      if (options.hasChecksum) this.#checksum.update(piece, 0, piece.length);
      this.bytes += piece.length;
      receive(piece);
    };
    this.#stream = new EntryStream(sum, {
      compresses: options.compresses,
      refersToFiles: options.refersToFiles === true,
      pieceBytes,
    });
  }

  /** Whether entries are not completely written: `step` continues with them. */
  get isBusy(): boolean {
    return this.#stream.isBusy;
  }

  /** Returns a piece that is not used any more, to be reused. */
  recycle(piece: Buffer): void {
    this.#stream.recycle(piece);
  }

  /** Begins the file. */
  begin(facts: RdbFacts): void {
    const { nowMs } = this.#options;
    const { entries, types } = this.#keyspace;
    const isLatest = types.all.some(({ codec }) => codec.writer.needsLatest?.(entries));
    const version = isLatest ? LATEST_RDB_VERSION : RDB_VERSION;
    const magic = Buffer.from(MAGIC + String(version).padStart(4, '0'));
    this.#stream.writer.raw(magic, 0, magic.length);
    this.#aux('redis-ver', facts.redisVersion);
    this.#aux('redis-bits', '64');
    this.#aux('ctime', String(Math.floor(nowMs / 1000)));
    this.#aux('used-mem', String(facts.usedMemoryBytes));
    if (facts.replicationId !== undefined) this.#aux('synap-replid', facts.replicationId);
    if (facts.offset !== undefined) this.#aux('synap-offset', String(facts.offset));
    this.#aux('aof-base', facts.isLogBase ? '1' : '0');
  }

  /**
   * Writes entries of a database, and reads the beginning of each first: entries are scattered over memory, and so
   * the processor fetches them in parallel. A few dozen at a time are best. The writer must not be busy.
   * @param from index of the first, and of the end
   * @returns index of the first entry that is not begun, as enough was written for now. If the writer is busy
   *   then, `step` finishes the entry before it, unless that changes first (`detach`)
   */
  entries(source: RdbSource, refs: Int32Array, from: number, count: number): number {
    const { entries } = this.#keyspace;
    let touched = 0;
    for (let i = from; i < count; i++) touched ^= entries.typeOf(refs[i]);
    // The result is meaningless, but used, so that the loop is not optimised away.
    if (touched < 0) throw new Error('types are not negative');
    const { writer } = this.#stream;
    writer.takenBytes = 0;
    let next = from;
    while (next < count && writer.takenBytes < writer.stepBytes) {
      const rest = this.#write(writer, refs[next++], source);
      if (rest === undefined) continue;
      this.#stream.begin(rest);
      break;
    }
    return next;
  }

  /**
   * Writes a key with its value and attributes, which may change afterwards. The writer may be busy.
   * @param source its database in the file
   */
  entry(source: RdbSource, ref: number): void {
    const stream = this.#stream;
    const rest = this.#write(stream.writer, ref, source);
    if (rest !== undefined) stream.beginDetached(rest);
    stream.settle();
  }

  /** The unfinished entry is about to change. */
  detach(): void {
    this.#stream.detach();
    this.#stream.settle();
  }

  /** Writes some more; returns whether anything is left. */
  step(): boolean {
    return this.#stream.step();
  }

  /** Gives the file up, and releases unfinished values. */
  abandon(): void {
    this.#stream.abandon();
  }

  /** Ends the file, and emits the last pieces. */
  end(): void {
    const stream = this.#stream;
    // The checksum must cover everything before it.
    stream.flush();
    stream.writer.byte(OP_EOF);
    stream.flush();
    const checksum = Buffer.alloc(CHECKSUM_BYTES);
    if (this.#options.hasChecksum) this.#checksum.write(checksum, 0);
    stream.writer.raw(checksum, 0, checksum.length);
    stream.flush();
  }

  /** Writes a key with its attributes; returns the writer of the rest of its value. */
  #write(writer: RdbWriter, ref: number, source: RdbSource): ValueRest | undefined {
    const { entries, types } = this.#keyspace;
    if (source !== this.#source) this.#select(writer, source);
    const values = types.of(entries.typeOf(ref)).codec.writer;
    if (values.extensions !== undefined) {
      writeExtensions(writer, values.extensions(entries, ref, writer.refersToFiles));
    }
    const expiryMs = entries.expiryOf(ref);
    if (expiryMs !== NO_EXPIRY) {
      writer.byte(OP_EXPIRETIME_MS);
      writer.int64(expiryMs);
    }
    if (this.#options.use !== undefined) this.#writeUse(writer, entries.accessWord(ref));
    writer.byte(values.typeByte(entries, ref));
    const { buffer, offset, length } = entries.key(ref);
    writer.string(buffer, offset, length);
    this.keys++;
    return values.write(writer, entries, ref);
  }

  #aux(name: string, value: string): void {
    const { writer } = this.#stream;
    writer.byte(OP_AUX);
    writer.text(name);
    writer.text(value);
  }

  /** Selects a database for the entries that follow; the first time also announces its number of keys. */
  #select(writer: RdbWriter, source: RdbSource): void {
    this.#source = source;
    writer.byte(OP_SELECTDB);
    writer.length(source.index);
    if (this.#sized.has(source)) return;
    this.#sized.add(source);
    writer.byte(OP_RESIZEDB);
    writer.length(source.size);
    writer.length(source.expiring);
  }

  #writeUse(writer: RdbWriter, word: number): void {
    const { use, access, nowMs } = this.#options;
    if (use === 'frequency') {
      writer.byte(OP_FREQ);
      writer.byte(lfuCounter(word, nowMs, access));
    } else {
      writer.byte(OP_IDLE);
      writer.length(Math.floor(idleMs(word, nowMs) / 1000));
    }
  }
}
