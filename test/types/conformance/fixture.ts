// What the conformance suite has to know of a type besides its descriptor: how its values are made, changed and
// read, by its commands.
import type { CommandRow } from '../../../src/core/command-row.ts';
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
}

/** A change that gives a value another encoding. */
export interface Conversion {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly make: (key: string) => readonly Line[];
  readonly change: (key: string) => readonly Line[];
}

/** See the head of this file. */
export interface TypeFixture {
  /** ValueType.name. */
  readonly type: string;
  /** Whether Redis 7.0 has the type, so that it is asked what is right. */
  readonly isInRedis: boolean;
  /** The type's commands where they are not among those of the server. */
  readonly rows?: readonly CommandRow[];
  /** Reads all of a value. */
  readonly read: (key: string) => Line;
  /** Values of each encoding. */
  readonly samples: readonly Sample[];
  /** At least to each encoding that is not reached by making a value, and from it to others. */
  readonly conversions: readonly Conversion[];
  /** Each changes every sample, and leaves something of those that are long. */
  readonly changes: readonly ((key: string) => Line)[];
  /** Adds to a value so that those who wait are woken, where the type says that this wakes them (KEY_GROWN). */
  readonly growth?: (key: string) => Line;
}

/** For what takes long: all samples, or in reduced rounds the first of each encoding and those that are long. */
export function samplesByTier({ samples }: TypeFixture): readonly Sample[] {
  if (isFullTier) return samples;
  const firsts = new Map([...samples].reverse().map((sample) => [sample.encoding, sample]));
  return samples.filter((sample) => sample.isLong || firsts.get(sample.encoding) === sample);
}
