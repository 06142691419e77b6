// What a directive's value can be. A kind turns the words of a setting into a value and the value
// into the text of CONFIG GET and the lines of CONFIG REWRITE; directives of one kind share it.

/** A value as the server uses it, with its text as CONFIG GET prints it. */
export interface Parsed<T> {
  readonly value: T;
  /** Canonical and exact (also where `value`, a number, is not): equal texts are equal values. */
  readonly text: string;
}

/** What parsing may depend on besides the words. */
export interface ParseContext<T> {
  /**
   * The directive's value so far: what a setting that changes a part of it starts from. Absent
   * while the default itself is parsed.
   */
  readonly current: Parsed<T> | undefined;
  /** Whether the files and flags being read have already set the directive. */
  readonly isRepeated: boolean;
  /** Absolute path of the directory that relative directories start from. */
  readonly directory: string;
}

/**
 * How many words a setting takes, and so how YAML writes it:
 * - `single`: one word; a scalar
 * - `words`: any number on one line; a sequence of words, or a scalar with all of them
 * - `lines`: words on repeated lines that add up; a sequence of lines
 * - `keyed`: the same, where a line's first word is its key; a mapping
 */
export type Shape = 'single' | 'words' | 'lines' | 'keyed';

export interface Kind<T> {
  /** What values there are, for the documentation. */
  readonly summary: string;
  readonly shape: Shape;
  /** Whether `yes` and `no` are values, so that YAML's true and false stand for them. */
  readonly isSwitch: boolean;
  /** Whether CONFIG REWRITE puts values in quotes even where they need none. */
  readonly isQuoted: boolean;
  /** The value of a directive without a default that was never set. */
  readonly empty?: Parsed<T>;
  /** The value of the words (byte strings), or what is wrong with them, in Redis's words. */
  parse(words: readonly string[], context: ParseContext<T>): Parsed<T> | string;
  /** The words of each line that sets this value; no lines when the directive must be absent. */
  lines(parsed: Parsed<T>): readonly (readonly string[])[];
}

export const wrongNumberOfArguments = 'wrong number of arguments';

/** A kind whose values are one word. */
export function singleWord<T>(options: {
  readonly summary: string;
  readonly isSwitch?: boolean;
  readonly isQuoted?: boolean;
  readonly parse: (word: string, context: ParseContext<T>) => Parsed<T> | string;
  /** The word to write for a text; none when the directive must be absent. Default: the text. */
  readonly write?: ((text: string) => string | undefined) | undefined;
}): Kind<T> {
  return {
    summary: options.summary,
    shape: 'single',
    isSwitch: options.isSwitch ?? false,
    isQuoted: options.isQuoted ?? false,
    parse: (words, context) =>
      words.length === 1 ? options.parse(words[0], context) : wrongNumberOfArguments,
    lines(parsed) {
      const word = options.write ? options.write(parsed.text) : parsed.text;
      return word === undefined ? [] : [[word]];
    },
  };
}

/** A kind whose values are several words. `lines` gives one line by default. */
export function severalWords<T>(options: {
  readonly summary: string;
  readonly shape?: Shape;
  readonly empty?: Parsed<T>;
  readonly parse: (words: readonly string[], context: ParseContext<T>) => Parsed<T> | string;
  readonly lines?: (parsed: Parsed<T>) => readonly (readonly string[])[];
}): Kind<T> {
  return {
    summary: options.summary,
    shape: options.shape ?? 'words',
    isSwitch: false,
    isQuoted: false,
    ...(options.empty === undefined ? {} : { empty: options.empty }),
    parse: options.parse,
    lines: options.lines ?? ((parsed) => [parsed.text.split(' ')]),
  };
}
