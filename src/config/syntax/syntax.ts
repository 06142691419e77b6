// Which of the two syntaxes a text is in, by its content: names of files say nothing.
import type { Setting } from '../setting.ts';
import { readLineSyntax } from './line-syntax.ts';
import { readYaml } from './yaml-syntax.ts';

/**
 * The settings of a text in the syntax that its first line is in.
 *
 * @param bytes the text, as a byte string
 * @param source name of the file, for messages
 */
export function readSettings(bytes: string, source: string): Iterable<Setting> {
  return isYaml(bytes) ? readYaml(bytes, source) : readLineSyntax(bytes, source);
}

/**
 * Whether a text is YAML rather than in redis.conf's syntax. Its first line with content decides:
 * YAML has a colon behind the first word, which no line of redis.conf has.
 */
export function isYaml(bytes: string): boolean {
  const first = /^[ \t\r]*([^#\s].*)$/m.exec(bytes)?.[1] ?? '';
  return /^(---|%YAML|\{|- |["']?[\w.-]+["']?[ \t]*:(\s|$))/.test(first);
}
