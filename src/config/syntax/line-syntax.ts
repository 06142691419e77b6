// The syntax of redis.conf: a directive and its arguments on each line, `#` before a comment.
import { ConfigError } from '../error.ts';
import type { Setting } from '../setting.ts';
import { splitWords } from './words.ts';

/**
 * The settings of a text in redis.conf's syntax, in their order. Lines are read one at a time, so
 * that a caller meets their errors in order.
 *
 * @param bytes the text, as a byte string
 * @param source name of the file, for messages
 * @throws ConfigError at a line with unbalanced quotes
 */
export function* readLineSyntax(bytes: string, source: string): Generator<Setting> {
  let number = 0;
  for (const raw of bytes.split('\n')) {
    const origin = `${source}:${++number}`;
    const line = trimLine(raw);
    if (line === '' || line.startsWith('#')) continue;
    const words = splitWords(line);
    if (words === undefined) throw new ConfigError(origin, 'unbalanced quotes');
    if (words.length > 0) yield { name: words[0], words: words.slice(1), origin };
  }
}

/** The line without blanks and line ends around it. */
export function trimLine(line: string): string {
  return line.replace(/^[ \t\r]+|[ \t\r]+$/g, '');
}
