// Every type of values runs the conformance suite, in a file of its folder.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { valueTypes } from '../../src/types/index.ts';

test('each type is held to the conformance suite', () => {
  expect(valueTypes.length).toBeGreaterThan(1);
  const without = valueTypes.filter(({ name }) => {
    const file = new URL(`${name}/conformance.test.ts`, import.meta.url);
    return !existsSync(fileURLToPath(file));
  });
  expect(without.map(({ name }) => name)).toEqual([]);
});
