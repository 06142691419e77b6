// Bytes in double quotes, and back.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitArguments } from '../../src/protocol/inline.ts';
import { quote } from '../../src/protocol/quote.ts';

test('prints ASCII as it is and escapes all else', () => {
  expect(quote(Buffer.from('keys *'))).toBe('"keys *"');
  expect(quote(Buffer.alloc(0))).toBe('""');
  expect(quote(Buffer.from('\n\r\t\x07\b\\"\0\x7f\xe9~', 'latin1'))).toBe(
    String.raw`"\n\r\t\a\b\\\"\x00\x7f\xe9~"`,
  );
});

test('every byte string is read back as it was', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      const quoted = quote(bytes);
      expect(quoted).toMatch(/^"[ -~]*"$/);
      expect(splitArguments(Buffer.from(quoted))).toEqual([Buffer.from(bytes)]);
    }),
  );
});
