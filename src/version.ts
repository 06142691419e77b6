// Version of Synap, from its package. (That of the Redis which it presents itself as: core/version.ts.)
import { readFileSync } from 'node:fs';

/** Version of Synap. */
export const VERSION: string = readVersion();

function readVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
