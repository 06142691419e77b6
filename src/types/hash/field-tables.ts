// Large hashes, and all whose fields expire: tables of fields, off the heap (keyspace/record-tables.ts). Each field
// and its value are one record. Fields that expire are in a heap beside the table (field-timers.ts); one whose time has
// come is hidden until it is removed.
import type { ExpiryClock } from '../../keyspace/collections.ts';
import { HEAP_POSITION_WORD } from '../../keyspace/expiry-heap.ts';
import { RecordTables } from '../../keyspace/record-tables.ts';
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import type { Request } from '../../protocol/request.ts';
import type { BytesTables } from '../../structures/bytes-tables.ts';
import { ByteView } from '../../structures/entry.ts';
import { PARTNER, rootWord, setRootWord } from '../../structures/record-root.ts';
import { FieldTimers } from './field-timers.ts';
import type { FieldView } from './field-view.ts';

/** Up to where a hash is packed. */
export interface HashLimits {
  /** Most fields. */
  readonly maxFields: number;
  /** Longest field or value in bytes. */
  readonly maxBytes: number;
}

/** No expiry of a field. */
export const NO_FIELD_EXPIRY = -1;

/** The hashes of an arena; see the head of this file. */
export class FieldTables extends RecordTables {
  limits: HashLimits = { maxFields: 512, maxBytes: 64 };
  readonly timers: FieldTimers;
  readonly clock: ExpiryClock;
  readonly #view = new ByteView();
  readonly #valueView = new ByteView();
  /** The record of the field that was looked for last; 0: it is not there. */
  #found = 0;

  constructor(arena: Arena, tables: BytesTables, clock: ExpiryClock) {
    super(arena, tables);
    this.timers = new FieldTimers(arena);
    this.clock = clock;
  }

  /** The field stands first, whatever follows. */
  override argumentOf(_count: number): number {
    return 2;
  }

  // ── Fields ──────────────────────────────────────────────────────────────────────────────────

  /** Looks for a field; returns whether it is there. */
  findField(root: number, bytes: Uint8Array, offset: number, length: number): boolean {
    const found = this.find(root, bytes, offset, length);
    this.#found = found;
    return found !== 0 && !this.isDue(found);
  }

  /** As `findField`, of argument i of a request. */
  findFieldArgument(root: number, request: Request, i: number): boolean {
    const found = this.findArgument(root, request, i);
    this.#found = found;
    return found !== 0 && !this.isDue(found);
  }

  /** Points a view at the value of the field that was just found. */
  viewFound(value: FieldView): void {
    this.viewValue(this.#found, value);
  }

  /** Points a view at the field of a record. */
  viewField(ref: number, field: FieldView): void {
    this.records.key(ref, this.#view);
    const { buffer, offset, length } = this.#view;
    field.setBytes(buffer, offset, length, this.arena.viewBehind(ref, buffer));
  }

  /** Points a view at the value of a record. */
  viewValue(ref: number, value: FieldView): void {
    this.records.value(ref, this.#view);
    const { buffer, offset, length } = this.#view;
    value.setBytes(buffer, offset, length, this.arena.viewBehind(ref, buffer));
  }

  /**
   * Stores a value under the field that was just looked for.
   * @param keepsExpiry whether a field that expires still does afterwards
   * @throws ArenaFullError, before anything has changed
   */
  storeField(
    root: number,
    field: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    value: Uint8Array,
    valueAt: number,
    valueLength: number,
    keepsExpiry: boolean,
  ): void {
    const { records } = this;
    const found = this.#found;
    if (found === 0) {
      this.reserve(root);
      const fresh = records.newField(field, fieldAt, fieldLength, value, valueAt, valueLength);
      this.insert(root, fresh);
      return;
    }
    const expires = records.expires(found);
    if (!expires || keepsExpiry) {
      this.changing(root, found);
      if (records.overwriteValue(found, value, valueAt, valueLength)) return;
    }
    const expiryMs = expires && keepsExpiry ? records.expiry(found) : undefined;
    const fresh = records.newField(
      field,
      fieldAt,
      fieldLength,
      value,
      valueAt,
      valueLength,
      expiryMs,
    );
    if (expiryMs !== undefined) this.#inherit(root, found, fresh);
    this.replace(root, found, fresh);
    if (expires && expiryMs === undefined) this.#expireNoMore(root, this.#position(found));
    this.#found = fresh;
  }

  /** Removes the field that was just found. */
  removeFound(root: number): void {
    this.#removeRecord(root, this.#found);
  }

  /** Number of fields, without those whose time has come. */
  liveLength(root: number): number {
    return this.length(root) - this.#dueCount(root);
  }

  /** As `visitAll`, without fields whose time has come. */
  visitLive(root: number, visit: (ref: number) => void): void {
    if (this.soonestOf(root) > this.clock.dueMs) {
      this.visitAll(root, visit);
      return;
    }
    this.visitAll(root, (ref) => {
      if (!this.isDue(ref)) visit(ref);
    });
  }

  // ── Expiry ──────────────────────────────────────────────────────────────────────────────────

  /** Whether the time of a record has come. */
  isDue(ref: number): boolean {
    const { records } = this;
    return records.expires(ref) && records.expiry(ref) <= this.clock.dueMs;
  }

  /** Whether any field of a hash expires. */
  hasExpiries(root: number): boolean {
    return this.#timer(root) !== 0;
  }

  /** The soonest time at which a field of a hash expires, in ms since the epoch; Infinity when none does. */
  soonestOf(root: number): number {
    const timer = this.#timer(root);
    return timer === 0 ? Number.POSITIVE_INFINITY : this.timers.open(timer).soonestMs;
  }

  /** Whether a timer is that of a hash. */
  isTimerOf(timer: number, root: number): boolean {
    return this.#timer(root) === timer;
  }

  /** Whether the field that was just looked for is there, and its time has come. */
  get isFoundDue(): boolean {
    return this.#found !== 0 && this.isDue(this.#found);
  }

  /** When the field that was just found expires, in ms since the epoch, or NO_FIELD_EXPIRY. */
  foundExpiry(): number {
    return this.expiryOf(this.#found);
  }

  /** When a record expires, in ms since the epoch, or NO_FIELD_EXPIRY. */
  expiryOf(ref: number): number {
    return this.records.expires(ref) ? this.records.expiry(ref) : NO_FIELD_EXPIRY;
  }

  /**
   * Sets when the field that was just found expires, in ms since the epoch.
   * @param keyHash the hash of the key of the hash
   * @throws ArenaFullError, before anything has changed
   */
  setExpiry(root: number, timeMs: number, keyHash: number): void {
    const found = this.#found;
    if (!this.records.expires(found)) {
      this.#giveExpiry(root, found, timeMs);
      this.announce(root, keyHash);
      return;
    }
    this.changing(root, found);
    this.records.setExpiry(found, timeMs);
    const timer = this.#timer(root);
    this.timers.open(timer).update(this.#position(found), timeMs);
    this.timers.changed(timer);
  }

  /** The field that was just found, which expires, does so no more. @throws ArenaFullError */
  persistFound(root: number): void {
    const found = this.#found;
    const position = this.#position(found);
    const fresh = this.#copy(found);
    this.replace(root, found, fresh);
    this.#expireNoMore(root, position);
    this.#found = fresh;
  }

  /**
   * Adds a field that was just looked for and is not there. The hash is not announced.
   * @param timeMs when it expires, in ms since the epoch
   * @throws ArenaFullError, before anything has changed
   */
  addExpiring(
    root: number,
    field: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    value: Uint8Array,
    valueAt: number,
    valueLength: number,
    timeMs: number,
  ): void {
    this.reserve(root);
    this.#withTimer(root, (timer) => {
      const fresh = this.records.newField(
        field,
        fieldAt,
        fieldLength,
        value,
        valueAt,
        valueLength,
        timeMs,
      );
      this.timers.open(timer).add(fresh, timeMs);
      this.insert(root, fresh);
    });
    this.#found = 0;
  }

  /**
   * Stores a value under the field that was just looked for and is there, and sets when it expires, in ms since the
   * epoch.
   * @param keyHash the hash of the key of the hash
   * @throws ArenaFullError, before anything has changed
   */
  storeExpiring(
    root: number,
    field: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    value: Uint8Array,
    valueAt: number,
    valueLength: number,
    timeMs: number,
    keyHash: number,
  ): void {
    const found = this.#found;
    if (this.records.expires(found)) {
      this.storeField(root, field, fieldAt, fieldLength, value, valueAt, valueLength, true);
      // It needs no memory.
      this.setExpiry(root, timeMs, keyHash);
      return;
    }
    this.#withTimer(root, (timer) => {
      const fresh = this.records.newField(
        field,
        fieldAt,
        fieldLength,
        value,
        valueAt,
        valueLength,
        timeMs,
      );
      this.timers.open(timer).add(fresh, timeMs);
      this.replace(root, found, fresh);
      this.#found = fresh;
    });
    this.announce(root, keyHash);
  }

  /**
   * Has the fields of a hash expire when their time has come, or tells that it has another key now. There is room
   * for its timer (`timers.reserve`).
   * @param keyHash the hash of its key
   */
  announce(root: number, keyHash: number): void {
    const timer = this.#timer(root);
    if (timer !== 0) this.timers.announce(timer, keyHash);
  }

  /** The hash of a key. */
  keyHash(bytes: Uint8Array, offset: number, length: number): number {
    return this.tables.hash(bytes, offset, length);
  }

  renamed(root: number, keyHash: number): void {
    this.announce(root, keyHash);
  }

  /** Removes the field that expires soonest; returns its name. There is one. */
  removeSoonest(root: number): Buffer {
    const ref = this.timers.open(this.#timer(root)).at(0);
    const view = this.#view;
    this.records.key(ref, view);
    const name = view.copy();
    this.find(root, name, 0, name.length);
    this.#removeRecord(root, ref);
    return name;
  }

  /** Gives a record, which was just found, an expiry: it becomes another one. @throws ArenaFullError */
  #giveExpiry(root: number, found: number, timeMs: number): void {
    this.#withTimer(root, (timer) => {
      const fresh = this.#copy(found, timeMs);
      this.timers.open(timer).add(fresh, timeMs);
      this.replace(root, found, fresh);
      this.#found = fresh;
    });
  }

  /**
   * Calls `add` with the hash's timer, which is made if there is none, and has room for one more field: only its
   * first step may fail.
   */
  #withTimer(root: number, add: (timer: number) => void): void {
    const { timers } = this;
    timers.reserve();
    const isNew = this.#timer(root) === 0;
    const timer = isNew ? timers.create() : this.#timer(root);
    try {
      timers.open(timer).reserve();
      add(timer);
    } catch (error) {
      if (isNew) timers.free(timer);
      else timers.changed(timer);
      throw error;
    }
    setRootWord(this.arena, root, PARTNER, timer);
    timers.changed(timer);
  }

  /** A new record with the field and the value of one. */
  #copy(ref: number, timeMs?: number): number {
    const field = this.#view;
    const value = this.#valueView;
    this.records.key(ref, field);
    this.records.value(ref, value);
    return this.records.newField(
      field.buffer,
      field.offset,
      field.length,
      value.buffer,
      value.offset,
      value.length,
      timeMs,
    );
  }

  /** Removes a record that was just found. */
  #removeRecord(root: number, ref: number): void {
    const position = this.records.expires(ref) ? this.#position(ref) : -1;
    this.remove(root, ref);
    if (position >= 0) this.#expireNoMore(root, position);
  }

  /** Gives a record the place of another one in the heap, which it replaces. */
  #inherit(root: number, old: number, fresh: number): void {
    const position = this.#position(old);
    this.#setPosition(fresh, position);
    this.timers.open(this.#timer(root)).relocated(position, fresh);
  }

  /** Takes a record out of the heap, and gives the heap up if it was the last one. */
  #expireNoMore(root: number, position: number): void {
    const timer = this.#timer(root);
    const heap = this.timers.open(timer);
    heap.remove(position);
    this.timers.changed(timer);
    if (heap.size > 0) return;
    this.timers.free(timer);
    setRootWord(this.arena, root, PARTNER, 0);
  }

  /** Number of fields whose time has come. */
  #dueCount(root: number): number {
    const { dueMs } = this.clock;
    const timer = this.#timer(root);
    if (timer === 0) return 0;
    return this.timers.open(timer).countUntil(dueMs);
  }

  #timer(root: number): number {
    return rootWord(this.arena, root, PARTNER);
  }

  #position(ref: number): number {
    const words = this.arena.i32[ref >>> SEGMENT_SHIFT];
    return words[((ref & SEGMENT_MASK) << 1) + HEAP_POSITION_WORD];
  }

  #setPosition(ref: number, position: number): void {
    const words = this.arena.i32[ref >>> SEGMENT_SHIFT];
    words[((ref & SEGMENT_MASK) << 1) + HEAP_POSITION_WORD] = position;
  }

  // ── For RecordTables ────────────────────────────────────────────────────────────────────────

  protected override partnerBytes(root: number): number {
    const timer = this.#timer(root);
    return timer === 0 ? 0 : this.timers.bytes(timer);
  }

  protected override partnerParts(root: number): number {
    const timer = this.#timer(root);
    return timer === 0 ? 0 : 1 + (this.timers.open(timer).size >>> 12);
  }

  protected override copyPartner(from: number, to: number): void {
    const source = this.#timer(from);
    if (source === 0) return;
    const timer = this.timers.create();
    setRootWord(this.arena, to, PARTNER, timer);
    this.timers.reserve();
    const heap = this.timers.open(timer);
    this.visitAll(to, (ref) => {
      if (this.records.expires(ref)) heap.add(ref, this.records.expiry(ref));
    });
    this.timers.changed(timer);
    // Until it is told the right key.
    this.timers.announce(timer, this.timers.keyHash(source));
  }

  protected override freePartnerStep(root: number): boolean {
    this.timers.free(this.#timer(root));
    return true;
  }

  override recordMoved(root: number, _old: number, fresh: number): void {
    if (!this.records.expires(fresh)) return;
    this.timers.open(this.#timer(root)).relocated(this.#position(fresh), fresh);
  }

  override relocatePartner(root: number, position: number, _count: number): number {
    if (this.#timer(root) === 0) return 0;
    if (position === 0) {
      setRootWord(this.arena, root, PARTNER, this.timers.relocate(this.#timer(root)));
    }
    return this.timers.relocateHeap(this.#timer(root), position);
  }
}
