// Which files a path with `*`, `?` or `[…]` stands for, as glob(3) finds them: in the order of
// their bytes, hidden files only where the pattern itself begins with a dot.
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Whether a path is a pattern. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * The existing files that a pattern stands for, none where nothing matches or a directory cannot be
 * read. Relative patterns give relative paths.
 *
 * @param directory absolute path of the directory that relative patterns start from
 */
export function expandPattern(pattern: string, directory: string): string[] {
  let paths = [pattern.startsWith('/') ? '/' : ''];
  for (const step of pattern.split('/')) {
    if (step === '') continue;
    paths = paths.flatMap((path) => {
      if (!isPattern(step)) return [join(path, step)];
      const matcher = new RegExp(`^${source(step)}$`, 's');
      return list(resolve(directory, path))
        .filter((name) => matcher.test(name) && (!name.startsWith('.') || step.startsWith('.')))
        .map((name) => join(path, name));
    });
  }
  return paths
    .filter((path) => existsSync(resolve(directory, path)))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Like glob(3), a pattern finds nothing where it may not look.
    return [];
  }
}

/** A pattern of one path segment as the source of a regular expression. */
function source(pattern: string): string {
  return pattern.replace(
    /\\(.)|\[([!^]?)(\]?[^\]]*)\]|([\s\S])/g,
    (_, escaped?: string, negation?: string, members?: string, other?: string) => {
      if (members !== undefined) {
        const body = members.replace(/[\\\]^[]/g, '\\$&');
        return `[${negation ? '^' : ''}${body}]`;
      }
      if (other === '*') return '.*';
      if (other === '?') return '.';
      return (escaped ?? other ?? '').replace(/[$()*+./?[\\\]^{|}-]/, '\\$&');
    },
  );
}
