// Skips values of types that Synap does not have yet. A layout describes an encoding in a few words: strings,
// numbers, repetitions.

import type { RdbReader } from './rdb-reader.ts';

/** A length, and that many repetitions of some parts. */
export interface Repeated {
  readonly each: Layout;
}

/**
 * A part of a value: a string; a length, or a number written like one; a double in text; a module's numbers and
 * strings up to its end mark; a number of bytes; a repetition.
 */
export type Part = 'string' | 'length' | 'text double' | 'module' | number | Repeated;

/** The parts of a value, one after another. */
export type Layout = readonly Part[];

/** Opcodes of what modules write. */
const MODULE_END = 0;
const MODULE_SIGNED = 1;
const MODULE_UNSIGNED = 2;
const MODULE_FLOAT = 3;
const MODULE_DOUBLE = 4;
const MODULE_STRING = 5;

/** Parts that are being skipped, at one level of repetitions. */
interface Level {
  readonly layout: Layout;
  /** The next part. */
  next: number;
  /** Number of repetitions left after this one. */
  timesLeft: number;
}

/** Skips one value after another, in steps as a ValueReader (keyspace/value-type.ts). */
export class ValueSkipper {
  #levels: Level[] = [];

  /** Begins a value. */
  begin(layout: Layout): void {
    this.#levels = [{ layout, next: 0, timesLeft: 0 }];
  }

  /** Skips the next part; returns whether that was the last. */
  step(input: RdbReader): boolean {
    const level = this.#levels[this.#levels.length - 1];
    const part = level.layout[level.next];
    if (part === 'module') {
      if (skipModulePart(input)) level.next++;
    } else if (typeof part === 'object') {
      const times = input.length();
      level.next++;
      if (times > 0) this.#levels.push({ layout: part.each, next: 0, timesLeft: times - 1 });
    } else {
      skipPart(input, part);
      level.next++;
    }
    return this.#leaveFinished();
  }

  /** Goes on to the next repetition, or one level up; returns whether all parts are skipped. */
  #leaveFinished(): boolean {
    for (;;) {
      const level = this.#levels[this.#levels.length - 1];
      if (level.next < level.layout.length) return false;
      if (level.timesLeft > 0) {
        level.timesLeft--;
        level.next = 0;
        return false;
      }
      if (this.#levels.length === 1) return true;
      this.#levels.pop();
    }
  }
}

function skipPart(input: RdbReader, part: Exclude<Part, 'module' | Repeated>): void {
  if (part === 'string') input.skipString();
  else if (part === 'length') input.length();
  else if (part === 'text double') input.textDouble();
  else input.skip(part);
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
