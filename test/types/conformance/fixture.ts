// What the conformance suite has to know of a type besides its descriptor: how its values are made, changed and
// read, by its commands.
import type { CommandRow } from '../../../src/core/command-row.ts';
import type { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { isFullTier } from '../../support/tier.ts';

/** A command: its name and arguments. */
export type Line = readonly string[];

/** A value of a type. */
export interface Sample {
  readonly name: string;
  /** The encoding that it has (ValueType.encodings). */
  readonly encoding: number;
  /** Makes it under a key that is not there; a long one by many commands, so that several can be made in turns. */
  readonly make: (key: string) => readonly Line[];
  /**
   * Whether it is so long that it is saved, freed and moved in several steps. Each encoding with a root has at
   * least one sample that is.
   */
  readonly isLong?: boolean;
  /** Whether it is of a later version than Redis 7.0, which is not asked then. */
  readonly isLater?: boolean;
}

/** A change that gives a value another encoding. */
export interface Conversion {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly make: (key: string) => readonly Line[];
  readonly change: (key: string) => readonly Line[];
  /** Whether it takes commands of a later version than Redis 7.0. */
  readonly isLater?: boolean;
}

/** See the head of this file. */
export interface TypeFixture {
  /** ValueType.name. */
  readonly type: string;
  /** Whether Redis 7.0 has the type, so that it is asked what is right. */
  readonly isInRedis: boolean;
  /** The type's commands where they are not among those of the server. */
  readonly rows?: readonly CommandRow[];
  /** The encodings that it is about, where that is not all: another fixture has the others. */
  readonly encodings?: readonly number[];
  /** Sets what its values need in a new keyspace: limits of encodings other than the defaults. */
  readonly settle?: (keyspace: Keyspace) => void;
  /** Reads all of a value. */
  readonly read: (key: string) => Line;
  /** Whether elements are read in no order: then two replies are the same if they have the same elements. */
  readonly isUnordered?: boolean;
  /** Values of each encoding. */
  readonly samples: readonly Sample[];
  /** At least to each encoding that is not reached by making a value, and from it to others. */
  readonly conversions: readonly Conversion[];
  /** Each changes every sample, and leaves something of those that are long. */
  readonly changes: readonly ((key: string) => Line)[];
  /** Adds to a value so that those who wait are woken, where the type says that this wakes them (KEY_GROWN). */
  readonly growth?: (key: string) => Line;
}

/** What a fixture's `read` was answered, so that two replies for the same value are equal. */
export function contentsOf({ isUnordered }: TypeFixture, reply: string): string {
  return isUnordered ? [...bulkStrings(reply)].sort().join(',') : reply;
}

/** The bulk strings of an array, encoded. */
function* bulkStrings(reply: string): Generator<string> {
  let at = reply.indexOf('\r\n') + 2;
  while (at < reply.length) {
    const start = reply.indexOf('\r\n', at) + 2;
    const end = start + Number(reply.slice(at + 1, start - 2)) + 2;
    yield reply.slice(at, end);
    at = end;
  }
}

/** For what takes long: all samples, or in reduced rounds the first of each encoding and those that are long. */
export function samplesByTier({ samples }: TypeFixture): readonly Sample[] {
  if (isFullTier) return samples;
  const firsts = new Map([...samples].reverse().map((sample) => [sample.encoding, sample]));
  return samples.filter((sample) => sample.isLong || firsts.get(sample.encoding) === sample);
}
