// CONFIG REWRITE for files in redis.conf's syntax, line by line as Redis does it: a directive's
// lines take its present value, in their places; lines that are left over become empty; what
// differs from its default and has no line is appended. Comments and unread lines stay.
import type { Directive } from '../directive.ts';
import { findDirective } from '../directives.ts';
import { trimLine } from '../syntax/line-syntax.ts';
import { quoteIfNeeded, quoteWord, splitWords } from '../syntax/words.ts';
import { type Entry, GENERATED, type Rewritten } from './entry.ts';

/**
 * The new content of a file.
 *
 * @param old its content, as a byte string
 */
export function rewriteLines(
  old: string,
  entries: readonly Entry[],
  which: Rewritten = 'changed',
): string {
  const lines = old === '' ? [] : old.split('\n');
  const places = placesOf(lines);
  const appended: string[] = [];
  for (const entry of entries) {
    // CONFIG SET cannot have changed what it does not know: those lines stay.
    if (entry.directive.fileOnly) continue;
    const free = places.get(entry.directive.name) ?? [];
    const isAbsent = free.length === 0;
    const isKeyed = entry.directive.kind.shape === 'keyed';
    for (const { line, key, isDefault } of linesOf(entry)) {
      const at = free.findIndex((place) => place.key === key);
      // A default need not be written, but not in part: its lines say it together.
      if (at >= 0) lines[free.splice(at, 1)[0].index] = line;
      else if (which === 'all' || !isDefault || !(isAbsent || isKeyed)) appended.push(line);
    }
    for (const { index } of free) lines[index] = '';
  }
  if (appended.length > 0) {
    if (!lines.some((line) => line.trim() === `# ${GENERATED}`)) lines.push(`# ${GENERATED}`);
    lines.push(...appended);
  }
  return join(lines);
}

/** A line of the file that sets a directive, or that part of it which has the key. */
interface Place {
  readonly index: number;
  readonly key: string;
}

/** A line as it is to be. */
interface NewLine {
  readonly line: string;
  readonly key: string;
  readonly isDefault: boolean;
}

/** The lines of each directive. Lines that mean nothing become comments. */
function placesOf(lines: string[]): Map<string, Place[]> {
  const places = new Map<string, Place[]>();
  for (const [index, line] of lines.entries()) {
    const content = trimLine(line);
    if (content === '' || content.startsWith('#')) continue;
    const [name, ...words] = splitWords(content) ?? [''];
    const directive = findDirective(name);
    if (directive === undefined) {
      lines[index] = `# ??? ${content}`;
    } else {
      const place = { index, key: keyOf(directive, words) };
      places.set(directive.name, [...(places.get(directive.name) ?? []), place]);
    }
  }
  return places;
}

/** What a line of a `keyed` directive is about; one key for all lines of others. */
function keyOf(directive: Directive, words: readonly string[]): string {
  if (directive.kind.shape !== 'keyed') return '';
  const key = words[0]?.toLowerCase() ?? '';
  return key === 'slave' ? 'replica' : key;
}

function linesOf({ directive, parsed, standard }: Entry): NewLine[] {
  const { kind, name } = directive;
  const quote = kind.isQuoted ? quoteWord : quoteIfNeeded;
  const write = (words: readonly string[]) => [name, ...words.map(quote)].join(' ');
  // Keys have a default each; other values have one as a whole.
  const standardLines = kind.shape === 'keyed' ? kind.lines(standard).map(write) : undefined;
  return kind.lines(parsed).map((words, index) => {
    const line = write(words);
    const isDefault = standardLines ? line === standardLines[index] : parsed.text === standard.text;
    return { line, key: keyOf(directive, words), isDefault };
  });
}

/** The lines without runs of empty ones, and with a line end at the end. */
function join(lines: readonly string[]): string {
  let text = '';
  let wasEmpty = false;
  for (const line of lines) {
    const isEmpty = line.trim() === '';
    if (!isEmpty) text += `${line}\n`;
    else if (!wasEmpty) text += '\n';
    wasEmpty = isEmpty;
  }
  return text.replace(/\n\n$/, '\n');
}
