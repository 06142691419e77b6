// The glob matcher for strings, for tests.

import { globMatch } from '../../src/protocol/glob.ts';

/** `globMatch` for strings whose characters are bytes (latin1). */
export function globMatchText(pattern: string, text: string, ignoreCase: boolean): boolean {
  const p = Buffer.from(pattern, 'latin1');
  const t = Buffer.from(text, 'latin1');
  return globMatch(p, 0, p.length, t, 0, t.length, ignoreCase);
}
