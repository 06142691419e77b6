// Values of one word that are not numbers: yes and no, one of several names, texts, secrets and
// directories.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemMessage } from '../error.ts';
import { type Kind, singleWord } from '../kind.ts';
import { bytesOf, nulProblem, textOf } from '../text.ts';

/** `yes` or `no`, in either case. */
export function yesNo(): Kind<boolean> {
  return singleWord({
    summary: '`yes` or `no`',
    isSwitch: true,
    parse(word) {
      const text = word.toLowerCase();
      if (text !== 'yes' && text !== 'no') return "argument must be 'yes' or 'no'";
      return { value: text === 'yes', text };
    },
  });
}

/** One of the names, in either case. Errors list them in the given order. */
export function oneOf<const Name extends string>(...names: readonly Name[]): Kind<Name> {
  return singleWord({
    summary: names.map((name) => `\`${name}\``).join(', '),
    isSwitch: names.some((name) => name === 'yes'),
    parse(word) {
      const name = word.toLowerCase();
      const value = names.find((candidate) => candidate === name);
      return value === undefined ? mustBeOneOf(names) : { value, text: value };
    },
  });
}

/**
 * A kind of which some words have synonyms, in either case.
 *
 * @param synonyms words, each with the one that it stands for
 */
export function withSynonyms<T>(
  kind: Kind<T>,
  synonyms: Readonly<Record<string, string>>,
): Kind<T> {
  const meanings = new Map(Object.entries(synonyms));
  return {
    ...kind,
    parse: (words, context) =>
      kind.parse(
        words.map((word) => meanings.get(word.toLowerCase()) ?? word),
        context,
      ),
  };
}

export function mustBeOneOf(names: readonly string[]): string {
  return `argument(s) must be one of the following: ${names.join(', ')}`;
}

/**
 * Text in UTF-8.
 *
 * @param options.isUnsetByEmpty the empty text means "not set": CONFIG REWRITE removes the directive
 * @param options.check returns what is wrong with a text, if anything
 */
export function text(
  options: {
    readonly summary?: string;
    readonly isUnsetByEmpty?: boolean;
    readonly check?: (text: string) => string | undefined;
  } = {},
): Kind<string> {
  return singleWord({
    summary: options.summary ?? 'text',
    isQuoted: true,
    parse(word) {
      const value = textOf(word);
      if (value === undefined) return 'argument must be valid UTF-8';
      return nulProblem(word) ?? options.check?.(value) ?? { value, text: word };
    },
    write: options.isUnsetByEmpty ? (bytes) => bytes || undefined : undefined,
  });
}

/** Any bytes, such as a password; empty means "not set". */
export function secret(): Kind<Uint8Array> {
  return singleWord<Uint8Array>({
    summary: 'any bytes; empty for none',
    isQuoted: true,
    parse: (word) => ({ value: Buffer.from(word, 'latin1'), text: word }),
    write: (bytes) => bytes || undefined,
  });
}

/** An existing directory; the value is its absolute path. */
export function directory(): Kind<string> {
  return singleWord({
    summary: 'path of an existing directory',
    isQuoted: true,
    parse(word, context) {
      const path = textOf(word);
      if (path === undefined) return 'argument must be valid UTF-8';
      if (path === '') return 'No such file or directory';
      const problem = nulProblem(path);
      if (problem !== undefined) return problem;
      const value = resolve(context.directory, path);
      try {
        if (!statSync(value).isDirectory()) return 'Not a directory';
      } catch (error) {
        return systemMessage(error);
      }
      return { value, text: bytesOf(value) };
    },
  });
}
