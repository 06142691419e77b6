// Which test files replace modules (`vi.mock`). What has been imported before in the same process cannot be replaced
// any more, so each of these files has a process of its own; all others share processes (vitest.config.ts).
import { readdirSync, readFileSync } from 'node:fs';

const MOCKS = /^vi\.(?:do)?mock\(/im;

/** The test files that replace modules, by their paths from the project's root. */
export function filesThatReplaceModules(): string[] {
  return readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .filter((path) => MOCKS.test(readFileSync(path, 'utf8')));
}
