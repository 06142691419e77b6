import { expect, test } from 'vitest';
import { drawNetwork } from '../../../src/commands/server/lolwut.ts';

test.each([
  [64, 16],
  [1, 1],
  [200, 3],
])('a picture of %d × %d has that size and shows neurons', (columns, rows) => {
  for (let seed = -3; seed < 50; seed++) {
    const lines = drawNetwork(columns, rows, seed).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => line.length)).toEqual(Array(rows).fill(columns));
    expect(lines.join('')).toMatch(/^[\u2800-\u28ff◉●○]*[◉●○][\u2800-\u28ff◉●○]*$/);
  }
});

test('a seed decides the picture', () => {
  expect(drawNetwork(64, 16, 7)).toBe(drawNetwork(64, 16, 7));
  const pictures = Array.from({ length: 20 }, (_, seed) => drawNetwork(64, 16, seed));
  expect(new Set(pictures).size).toBe(20);
});
