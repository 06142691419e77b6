// The facts of INFO: each is declared once, with its name, kind, help and how it is read. INFO's text derives from
// the declarations; a page of metrics and a console can too. A section's facts are read from one sample, so that
// expensive measurements are made once for all of them, and only on demand.

/**
 * `counter`: grows while the server runs, except for resets (CONFIG RESETSTAT, a new log).
 * `gauge`: goes up and down. `text`: not a number.
 */
export type FactKind = 'counter' | 'gauge' | 'text';

/** The declaration of a fact without its value. */
export interface FactHead {
  /** Name of the field in INFO. */
  readonly name: string;
  readonly kind: FactKind;
  /** What it means, in one sentence, with its unit. */
  readonly help: string;
  /** How INFO prints a number, if not in plain decimal. */
  readonly print?: ((value: number) => string) | undefined;
}

/** A fact that is read from a sample. */
export interface Fact<Sample> extends FactHead {
  /**
   * Reads the value, which must be cheap: a field or a little arithmetic. Finite, or undefined if there is no value
   * now.
   */
  readonly read: (sample: Sample) => number | string | undefined;
}

/** The value of a fact; undefined if there is none now. */
export type FactValue = number | string | undefined;

/** Facts of each of several members, such as commands: a line of INFO for each member. */
export interface FactFamily<Sample> {
  /** Common prefix of the names in a flat list. */
  readonly name: string;
  /** Prefix of a member's name in INFO. */
  readonly prefix: string;
  /** What the members are. */
  readonly label: string;
  readonly read: (sample: Sample) => FamilyReadings;
}

/** The current values of a family. */
export interface FamilyReadings {
  readonly facts: readonly FactHead[];
  /** The members, in INFO's order, and the values of their facts. */
  readonly members: readonly {
    readonly label: string;
    readonly values: readonly FactValue[];
  }[];
}

/** The current values of a section of INFO. */
export interface SectionReadings {
  /** The value of each of its facts. */
  readonly values: readonly FactValue[];
  /** The values of each of its families. */
  readonly families: readonly FamilyReadings[];
}

/** A section of INFO. */
export interface FactSection<Source> {
  /** The section's name in INFO, lower case. */
  readonly name: string;
  readonly title: string;
  /** Whether INFO without arguments contains it. */
  readonly isDefault: boolean;
  /** Its facts, in INFO's order; families follow. */
  readonly facts: readonly FactHead[];
  readonly families: readonly Pick<FactFamily<never>, 'name' | 'prefix' | 'label'>[];
  /** Measures and reads all of it. */
  readonly read: (source: Source) => SectionReadings;
}

/** The parts of a section's declaration. */
export interface SectionParts<Source, Sample> {
  readonly name: string;
  readonly title: string;
  readonly isDefault?: boolean;
  /** Takes the sample from which the facts are read. */
  readonly sample: (source: Source) => Sample;
  readonly facts?: readonly Fact<Sample>[];
  readonly families?: readonly FactFamily<Sample>[];
}

/** Declares a section; the type of its sample is private to it. */
export function section<Source, Sample>(parts: SectionParts<Source, Sample>): FactSection<Source> {
  const { name, title, isDefault = true, sample, facts = [], families = [] } = parts;
  return {
    ...{ name, title, isDefault, facts, families },
    read(source) {
      const taken = sample(source);
      return {
        values: valuesOf(facts, taken),
        families: families.map((family) => family.read(taken)),
      };
    },
  };
}

/** Reads facts from a sample. */
export function valuesOf<Sample>(facts: readonly Fact<Sample>[], sample: Sample): FactValue[] {
  return facts.map((fact) => fact.read(sample));
}

/** A value as INFO prints it. */
export function printed({ print }: FactHead, value: number | string): string {
  return typeof value === 'number' && print !== undefined ? print(value) : `${value}`;
}

// ── Declaring ─────────────────────────────────────────────────────────────────────────────────

type Read<Sample, Value> = (sample: Sample) => Value | undefined;

/** Declares a number that grows. */
export function counter<Sample>(
  name: string,
  help: string,
  read: Read<Sample, number>,
  print?: (value: number) => string,
): Fact<Sample> {
  return { name, kind: 'counter', help, read, print };
}

/** Declares a number that goes up and down. */
export function gauge<Sample>(
  name: string,
  help: string,
  read: Read<Sample, number>,
  print?: (value: number) => string,
): Fact<Sample> {
  return { name, kind: 'gauge', help, read, print };
}

/** Declares a fact that is not a number. */
export function text<Sample>(name: string, help: string, read: Read<Sample, string>): Fact<Sample> {
  return { name, kind: 'text', help, read };
}

/** Declares a boolean: 1 or 0. */
export function flag<Sample>(
  name: string,
  help: string,
  read: Read<Sample, boolean>,
): Fact<Sample> {
  return gauge(name, help, (sample) => asNumber(read(sample)));
}

/** Declares whether something succeeded: 1 or 0, which INFO prints as `ok` or `err`. */
export function status<Sample>(
  name: string,
  help: string,
  read: Read<Sample, boolean>,
): Fact<Sample> {
  return gauge(
    name,
    help,
    (sample) => asNumber(read(sample)),
    (value) => (value === 1 ? 'ok' : 'err'),
  );
}

/** Declares a field of Redis that is always 0 here, as Synap does not have its subject. */
export function none<Sample>(
  name: string,
  help: string,
  kind: 'counter' | 'gauge' = 'gauge',
  print?: (value: number) => string,
): Fact<Sample> {
  return { name, kind, help, read: () => 0, print };
}

/** Prints a number with this many digits after the point. */
export function digits(count: number): (value: number) => string {
  return (value) => value.toFixed(count);
}

function asNumber(is: boolean | undefined): number | undefined {
  return is === undefined ? undefined : Number(is);
}
