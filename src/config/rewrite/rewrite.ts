// CONFIG REWRITE: the file that the server was started with is made to say the present values, with
// its comments and order kept.
import { basename } from 'node:path';
import { readRegular } from '../../files/regular-file.ts';
import { isYaml } from '../syntax/syntax.ts';
import type { Entry, Rewritten } from './entry.ts';
import { isMissing, replaceFile } from './replace-file.ts';
import { rewriteLines } from './rewrite-lines.ts';
import { rewriteYaml } from './rewrite-yaml.ts';

/**
 * Rewrites a configuration file, in the syntax that it is in.
 *
 * @param path absolute path; a file that no longer exists is made anew
 * @param entries every directive of the table
 * @param directory absolute path that relative directories in the file start from
 * @throws what file operations throw, and ConfigError when a YAML file no longer is one
 */
export function rewriteFile(
  path: string,
  entries: readonly Entry[],
  directory: string,
  which: Rewritten,
): void {
  const old = readIfExists(path);
  const text = isYaml(old)
    ? rewriteYaml(old, basename(path), entries, directory, which)
    : rewriteLines(old, entries, which);
  replaceFile(path, text);
}

function readIfExists(path: string): string {
  try {
    return readRegular(path).toString('latin1');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}
