// Settings as the properties of an object, for programs that start a server inside themselves.
import type { DirectiveName } from './directives.ts';
import type { Setting } from './setting.ts';
import { bytesOf } from './text.ts';

type Word = string | number | boolean;

/** Words on one line. */
type Line = Word | readonly Word[];

/**
 * One word, several words, or an array for each of several lines. `true` is `yes`; one string is
 * cut into words where a flag's would be.
 */
export type OptionValue = Line | readonly (readonly Word[])[];

/** Directives and their values: `{ port: 7000, bind: ['127.0.0.1'], save: '' }`. */
export type ConfigOptions = { readonly [Name in DirectiveName]?: OptionValue | undefined };

/** The settings of an object; undefined properties set nothing. */
export function settingsOf(options: ConfigOptions): Setting[] {
  return Object.entries(options).flatMap(([name, value]): Setting[] => {
    if (value === undefined) return [];
    const lines = isLines(value) ? value : [isWords(value) ? value : [value]];
    return lines.map((words) => ({ name, words: words.map(wordOf), origin: 'options' }));
  });
}

function isLines(value: OptionValue): value is readonly (readonly Word[])[] {
  return Array.isArray(value) && value.some(Array.isArray);
}

function isWords(value: Line): value is readonly Word[] {
  return Array.isArray(value);
}

function wordOf(word: Word): string {
  if (typeof word === 'boolean') return word ? 'yes' : 'no';
  return bytesOf(String(word));
}
