// Stacks for the conformance suite.
import { byTier } from '../../support/tier.ts';
import type { Line, TypeFixture } from '../conformance/fixture.ts';
import { stubCommands } from './commands.ts';
import { stubType } from './descriptor.ts';
import { ENCODING_INLINE, ENCODING_LINKED } from './encodings.ts';

/** Elements pushed by one command. */
const AT_ONCE = 20;
/** Elements of a stack that is saved and freed in several steps, and the most bytes of one: more of them take longer. */
const LONG_LENGTH = byTier(400, 1200);
const LONG_BYTES = byTier(2000, 1000);

/** Pushes so many elements, of up to so many bytes. */
function pushes(key: string, count: number, maxBytes = 200): Line[] {
  const elements = Array.from({ length: count }, (_, i) =>
    `${i}:`.padEnd((i * 31) % maxBytes, '.'),
  );
  const lines: Line[] = [];
  for (let at = 0; at < count; at += AT_ONCE) {
    lines.push(['STUB.PUSH', key, ...elements.slice(at, at + AT_ONCE)]);
  }
  return lines;
}

/** See the head of this file. */
export const stubFixture: TypeFixture = {
  type: stubType.name,
  isInRedis: false,
  rows: stubCommands,
  read: (key) => ['STUB.ALL', key],
  samples: [
    { name: 'one element', encoding: ENCODING_INLINE, make: (key) => [['STUB.PUSH', key, 'one']] },
    {
      name: 'a few elements',
      encoding: ENCODING_INLINE,
      make: (key) => [['STUB.PUSH', key, 'one', '', 'three']],
    },
    {
      name: 'one node',
      encoding: ENCODING_LINKED,
      make: (key) => [['STUB.PUSH', key, 'x'.repeat(100)]],
    },
    { name: 'some nodes', encoding: ENCODING_LINKED, make: (key) => pushes(key, 50) },
    {
      name: 'many nodes',
      encoding: ENCODING_LINKED,
      make: (key) => pushes(key, LONG_LENGTH, LONG_BYTES),
      isLong: true,
    },
  ],
  conversions: [
    {
      name: 'pushing many',
      from: ENCODING_INLINE,
      to: ENCODING_LINKED,
      make: (key) => [['STUB.PUSH', key, 'one']],
      change: (key) => pushes(key, 50),
    },
    {
      name: 'popping nearly all',
      from: ENCODING_LINKED,
      to: ENCODING_INLINE,
      make: (key) => [['STUB.PUSH', key, 'one'], ...pushes(key, 50)],
      change: (key) => [['STUB.POP', key, '50']],
    },
  ],
  growth: (key) => ['STUB.PUSH', key, 'on top'],
  changes: [
    (key) => ['STUB.PUSH', key, 'on top', 'x'.repeat(300)],
    (key) => ['STUB.POP', key, '1'],
    (key) => ['STUB.POP', key, '40'],
  ],
};
