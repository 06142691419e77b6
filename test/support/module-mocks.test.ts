import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filesThatReplaceModules } from './module-mocks.ts';

/** Wherever it stands, in whatever way it is spaced. */
const CALL = new RegExp(`\\bvi\\s*\\.\\s*${'(do)?mock'}\\s*\\(`, 'i');

test('whatever replaces a module is found', () => {
  const found = filesThatReplaceModules();
  expect(found).toContain('test/net/accept.test.ts');
  const calling = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `test/${name}`)
    .filter((path) => CALL.test(readFileSync(path, 'utf8')));
  // Also in what tests share: there it would be in force for one file, and not for another.
  expect(calling.sort()).toEqual([...found].sort());
});
