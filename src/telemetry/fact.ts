// What a server tells of itself, fact by fact: each is declared once, with its name, kind, help and how it is read.
// INFO's text derives from the declarations; so can a page of metrics and a console. A section's facts are read of
// one sample, so that what is costly to measure is measured once for all of them, and only when it is asked for.

/**
 * `counter`: grows while the server runs, but for CONFIG RESETSTAT and what begins anew (a log that is switched on).
 * `gauge`: goes up and down. `text`: no number.
 */
export type FactKind = 'counter' | 'gauge' | 'text';

/** What is known of a fact without reading it. */
export interface FactHead {
  /** INFO's name of it. */
  readonly name: string;
  readonly kind: FactKind;
  /** What it tells, in one sentence, with its unit. */
  readonly help: string;
  /** How INFO prints a number, where not as it is. */
  readonly print?: ((value: number) => string) | undefined;
}

/** A fact that is read of a sample. */
export interface Fact<Sample> extends FactHead {
  /** Cheap: a field or a little arithmetic. Finite, or undefined where there is nothing to tell now. */
  readonly read: (sample: Sample) => number | string | undefined;
}

/** What was read of a fact; undefined: there is nothing to tell now. */
export type FactValue = number | string | undefined;

/** Facts that each of several things has, such as commands: a line of INFO for each thing. */
export interface FactFamily<Sample> {
  /** What all of them begin with in a flat list of names. */
  readonly name: string;
  /** What stands before the thing in INFO. */
  readonly prefix: string;
  /** What the things are. */
  readonly label: string;
  readonly read: (sample: Sample) => FamilyReadings;
}

/** What a family tells now. */
export interface FamilyReadings {
  readonly facts: readonly FactHead[];
  /** What there is, in INFO's order, and the values of its facts. */
  readonly members: readonly {
    readonly label: string;
    readonly values: readonly FactValue[];
  }[];
}

/** What a section of INFO tells now. */
export interface SectionReadings {
  /** Of each of its facts. */
  readonly values: readonly FactValue[];
  /** Of each of its families. */
  readonly families: readonly FamilyReadings[];
}

/** A section of INFO. */
export interface FactSection<Source> {
  /** As INFO takes it, lower case. */
  readonly name: string;
  readonly title: string;
  /** Whether INFO without arguments tells it. */
  readonly isDefault: boolean;
  /** What it tells, in INFO's order; families come after these. */
  readonly facts: readonly FactHead[];
  readonly families: readonly Pick<FactFamily<never>, 'name' | 'prefix' | 'label'>[];
  /** Measures and reads all of it. */
  readonly read: (source: Source) => SectionReadings;
}

/** What a section is made of. */
export interface SectionParts<Source, Sample> {
  readonly name: string;
  readonly title: string;
  readonly isDefault?: boolean;
  /** Takes what the facts are read of. */
  readonly sample: (source: Source) => Sample;
  readonly facts?: readonly Fact<Sample>[];
  readonly families?: readonly FactFamily<Sample>[];
}

/** Declares a section; what its facts are read of is its own affair. */
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

/** Reads facts of a sample. */
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

/** Declares what is no number. */
export function text<Sample>(name: string, help: string, read: Read<Sample, string>): Fact<Sample> {
  return { name, kind: 'text', help, read };
}

/** Whether something is so: 1 or 0. */
export function flag<Sample>(
  name: string,
  help: string,
  read: Read<Sample, boolean>,
): Fact<Sample> {
  return gauge(name, help, (sample) => asNumber(read(sample)));
}

/** Whether something went well, which INFO tells as `ok` or `err`: 1 or 0. */
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

/** What Redis tells and what there is none of here. */
export function none<Sample>(
  name: string,
  help: string,
  kind: 'counter' | 'gauge' = 'gauge',
  print?: (value: number) => string,
): Fact<Sample> {
  return { name, kind, help, read: () => 0, print };
}

/** Prints with so many digits behind the point. */
export function digits(count: number): (value: number) => string {
  return (value) => value.toFixed(count);
}

function asNumber(is: boolean | undefined): number | undefined {
  return is === undefined ? undefined : Number(is);
}
