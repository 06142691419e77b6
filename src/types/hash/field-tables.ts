// Large hashes: tables of fields, off the heap (structures/record-tables.ts). Each field and its value are one record.
import { ByteView } from '../../structures/entry.ts';
import { RecordTables } from '../../structures/record-tables.ts';
import type { FieldView } from './field-view.ts';

/** Up to where a hash is packed. */
export interface HashLimits {
  /** Most fields. */
  readonly maxFields: number;
  /** Longest field or value in bytes. */
  readonly maxBytes: number;
}

/** The hashes of an arena; see the head of this file. */
export class FieldTables extends RecordTables {
  limits: HashLimits = { maxFields: 512, maxBytes: 64 };
  readonly #view = new ByteView();
  /** The record of the field that was looked for last; 0: it is not there. */
  #found = 0;

  /** Looks for a field; returns whether it is there. */
  findField(root: number, bytes: Uint8Array, offset: number, length: number): boolean {
    this.#found = this.find(root, bytes, offset, length);
    return this.#found !== 0;
  }

  /** Points a view at the value of the field that was just found. */
  viewFound(value: FieldView): void {
    this.viewValue(this.#found, value);
  }

  /** Points a view at the field of a record. */
  viewField(ref: number, field: FieldView): void {
    this.records.key(ref, this.#view);
    const { buffer, offset, length } = this.#view;
    field.setBytes(buffer, offset, length);
  }

  /** Points a view at the value of a record. */
  viewValue(ref: number, value: FieldView): void {
    this.records.value(ref, this.#view);
    const { buffer, offset, length } = this.#view;
    value.setBytes(buffer, offset, length);
  }

  /** Stores a value under the field that was just looked for. @throws ArenaFullError, before anything has changed */
  storeField(
    root: number,
    field: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    value: Uint8Array,
    valueAt: number,
    valueLength: number,
  ): void {
    const { records } = this;
    const found = this.#found;
    if (found === 0) {
      this.reserve(root);
      this.insert(root, records.newField(field, fieldAt, fieldLength, value, valueAt, valueLength));
      return;
    }
    this.changing(root, found);
    if (records.overwriteValue(found, value, valueAt, valueLength)) return;
    const fresh = records.newField(field, fieldAt, fieldLength, value, valueAt, valueLength);
    this.replace(root, found, fresh);
  }

  /** Removes the field that was just found. */
  removeFound(root: number): void {
    this.remove(root, this.#found);
  }
}
