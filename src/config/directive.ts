// The declaration of one directive, and how a section's rows become directives.
import type { Kind, ParseContext, Parsed } from './kind.ts';
import { splitWords } from './syntax/words.ts';

/**
 * Whether a directive does something here:
 * - `active`: it does what its description says
 * - `later`: the part that it belongs to is still to come; it is kept and reported
 * - `inapplicable`: what it is about does not exist here; it is kept, and changing it logs a warning
 */
export type Status = 'active' | 'later' | 'inapplicable';

/** A place in a YAML file besides that of the directive's name in its section. */
export interface YamlPlace {
  /** Keys from the outermost, joined by dots: `persistence.wal.enabled`. */
  readonly path: string;
  /** What is written there for words of the value. Both are read in any place. */
  readonly words?: Readonly<Record<string, string>>;
  /** It is only read: what is new in a file is written to the name in the section. */
  readonly isAlias?: true;
}

/** One row of the table. Absent marks are false. */
export interface Row<T = unknown> {
  readonly kind: Kind<T>;
  /** Words of the default, separated by blanks. Absent for directives that are lists of lines. */
  readonly default?: string;
  /** Words to show in `synap.conf` where there is no default. */
  readonly example?: string;
  /** Words that `synap.conf` sets in place of the default. */
  readonly shipped?: string;
  readonly yaml?: YamlPlace;
  /** Older names. CONFIG GET reports them too, and CONFIG SET takes them. */
  readonly aliases?: readonly string[];
  /** CONFIG SET refuses it. */
  readonly immutable?: true;
  /** CONFIG GET shows it only when asked for its full name. */
  readonly hidden?: true;
  /** Its value must not appear in logs or messages. */
  readonly sensitive?: true;
  /** CONFIG SET refuses it unless `enable-protected-configs` allows the client. */
  readonly protected?: true;
  /** CONFIG GET and CONFIG SET do not know it: it belongs in files and flags. */
  readonly fileOnly?: true;
  /** CONFIG SET refuses it while data is being loaded. */
  readonly fixedWhileLoading?: true;
  readonly status: Status;
  /** For `later`: switching it on deserves a warning. */
  readonly warns?: true;
  /** What it does, in one or two sentences of Markdown. */
  readonly doc: string;
}

export type Rows = Readonly<Record<string, Row>>;

/** The values of a section's directives, by name. */
export type ValuesOf<R extends Rows> = {
  readonly [Name in keyof R]: R[Name]['kind'] extends Kind<infer T> ? T : never;
};

/** Directives that belong together: a section of the YAML file and of the documentation. */
export interface Section<R extends Rows = Rows> {
  /** Key of the section in YAML, and first part of its directives' paths. */
  readonly key: string;
  readonly title: string;
  readonly rows: R;
}

export function section<const R extends Rows>(key: string, title: string, rows: R): Section<R> {
  return { key, title, rows };
}

/** A row with its name and place. */
export interface Directive<T = unknown> extends Row<T> {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly section: string;
  /** Place in a YAML file where it is written: keys from the outermost, joined by dots. */
  readonly path: string;
}

export function directivesOf(section: Section): Directive[] {
  return Object.entries(section.rows).map(([name, row]) => ({
    ...row,
    name,
    aliases: row.aliases ?? [],
    section: section.key,
    path: row.yaml === undefined || row.yaml.isAlias ? `${section.key}.${name}` : row.yaml.path,
  }));
}

/**
 * The value of a directive that was not set.
 *
 * @param directory absolute path of the directory that relative directories start from
 */
export function defaultOf(directive: Directive, directory: string): Parsed<unknown> {
  if (directive.kind.empty !== undefined) return directive.kind.empty;
  const words = argumentsOf(directive, [directive.default ?? '']);
  const parsed = parseSetting(directive, words ?? [], {
    current: undefined,
    isRepeated: false,
    directory,
  });
  if (typeof parsed === 'string') throw new Error(`default of ${directive.name}: ${parsed}`);
  return parsed;
}

/**
 * The words that a directive's kind is given for the arguments of a setting: one argument of a
 * directive that takes several words is cut into them. Undefined when its quotes are unbalanced.
 */
export function argumentsOf(
  directive: Directive,
  words: readonly string[],
): readonly string[] | undefined {
  const isCut = directive.kind.shape !== 'single' && !directive.fileOnly;
  if (!isCut || words.length !== 1 || words[0] === '') return words;
  return splitWords(words[0]);
}

/** `kind.parse` for a directive of any kind. */
export function parseSetting(
  directive: Directive,
  words: readonly string[],
  context: ParseContext<unknown>,
): Parsed<unknown> | string {
  return directive.kind.parse(words, context);
}

/** A warning for the operator about a value that has no effect, or undefined. */
export function warningOf(
  directive: Directive,
  value: Parsed<unknown>,
  standard: Parsed<unknown>,
): string | undefined {
  if (value.text === standard.text || directive.status === 'active') return undefined;
  if (directive.status === 'inapplicable') {
    return `'${directive.name}' is accepted but has no effect: it does not apply to Synap`;
  }
  if (!directive.warns || value.text === '') return undefined;
  return `'${directive.name}' is kept but has no effect: this part of Synap is still to come`;
}
