// CONFIG REWRITE for files in redis.conf's syntax, line by line as Redis does it: a directive's
// lines take its present value, in their places; lines that are left over become empty; what
// differs from its default and has no line is appended. Comments and unread lines stay.
import { findDirective } from '../directives.ts';
import { trimLine } from '../syntax/line-syntax.ts';
import { quoteIfNeeded, quoteWord, splitWords } from '../syntax/words.ts';
import { type Entry, GENERATED } from './entry.ts';

/**
 * The new content of a file.
 *
 * @param old its content, as a byte string
 */
export function rewriteLines(old: string, entries: readonly Entry[]): string {
  const lines = old === '' ? [] : old.split('\n');
  const places = placesOf(lines);
  const appended: string[] = [];
  for (const entry of entries) {
    // CONFIG SET cannot have changed what it does not know: those lines stay.
    if (entry.directive.fileOnly) continue;
    const free = places.get(entry.directive.name) ?? [];
    for (const { line, isDefault } of linesOf(entry)) {
      const place = free.shift();
      if (place !== undefined) lines[place] = line;
      else if (!isDefault) appended.push(line);
    }
    for (const place of free) lines[place] = '';
  }
  if (appended.length > 0) {
    if (!lines.some((line) => line.trim() === `# ${GENERATED}`)) lines.push(`# ${GENERATED}`);
    lines.push(...appended);
  }
  return join(lines);
}

/** Indexes of the lines of each directive. Lines that mean nothing become comments. */
function placesOf(lines: string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [index, line] of lines.entries()) {
    const content = trimLine(line);
    if (content === '' || content.startsWith('#')) continue;
    const directive = findDirective(splitWords(content)?.[0] ?? '');
    if (directive === undefined) {
      lines[index] = `# ??? ${content}`;
    } else {
      const list = places.get(directive.name) ?? [];
      list.push(index);
      places.set(directive.name, list);
    }
  }
  return places;
}

function linesOf({ directive, parsed, standard }: Entry): { line: string; isDefault: boolean }[] {
  const { kind, name } = directive;
  const quote = kind.isQuoted ? quoteWord : quoteIfNeeded;
  const write = (words: readonly string[]) => [name, ...words.map(quote)].join(' ');
  const standardLines = kind.lines(standard).map(write);
  return kind.lines(parsed).map((words, index) => {
    const line = write(words);
    // Classes of `keyed` directives have a default each; other values have one as a whole.
    const isDefault =
      kind.shape === 'keyed' ? line === standardLines[index] : parsed.text === standard.text;
    return { line, isDefault };
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
