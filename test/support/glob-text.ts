// The glob matcher for strings, for tests.

import { globMatch } from '../../src/protocol/glob.ts';

/** `globMatch` for strings whose characters are bytes (latin1). */
export function globMatchText(pattern: string, text: string, ignoreCase: boolean): boolean {
  return globMatch(Buffer.from(pattern, 'latin1'), Buffer.from(text, 'latin1'), ignoreCase);
}
