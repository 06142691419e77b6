// Skips values of types that Synap does not have. A layout describes an encoding in a few words.

import type { RdbReader } from './rdb-reader.ts';

/** A part of a value: a string; a length, or a number written like one; a module's numbers and strings up to its end mark. */
export type Part = 'string' | 'length' | 'module';

/** The parts of a value, one after another. */
export type Layout = readonly Part[];

/** Opcodes of what modules write. */
const MODULE_END = 0;
const MODULE_SIGNED = 1;
const MODULE_UNSIGNED = 2;
const MODULE_FLOAT = 3;
const MODULE_DOUBLE = 4;
const MODULE_STRING = 5;

/** Skips one value after another, in steps as a ValueReader (keyspace/value-type.ts). */
export class ValueSkipper {
  #layout: Layout = [];
  /** The next part. */
  #next = 0;

  /** Begins a value. */
  begin(layout: Layout): void {
    this.#layout = layout;
    this.#next = 0;
  }

  /** Skips the next part, or a part of a module's; returns whether that was the last. */
  step(input: RdbReader): boolean {
    const part = this.#layout[this.#next];
    let isOver = true;
    if (part === 'module') isOver = skipModulePart(input);
    else if (part === 'string') input.skipString();
    else input.length();
    if (isOver) this.#next++;
    return this.#next >= this.#layout.length;
  }
}

/** Skips one number or string of a module; returns whether it is the end mark instead. */
function skipModulePart(input: RdbReader): boolean {
  const opcode = input.length();
  switch (opcode) {
    case MODULE_END:
      return true;
    case MODULE_SIGNED:
    case MODULE_UNSIGNED:
      input.length();
      return false;
    case MODULE_FLOAT:
      input.skip(4);
      return false;
    case MODULE_DOUBLE:
      input.skip(8);
      return false;
    case MODULE_STRING:
      input.skipString();
      return false;
    default:
      throw input.error(`modules write nothing with the opcode ${opcode}`);
  }
}
