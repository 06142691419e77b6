// Bytes in double quotes, as Redis shows them to people (MONITOR, DEBUG, logs): printable ASCII as
// it is, \n \r \t \a \b \\ \" for those bytes, and \xHH for all others. `splitArguments` of
// inline.ts reads the same notation back.

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
  '\\': '\\\\',
  '"': '\\"',
};

/** What stands for each byte. */
const SHOWN: readonly string[] = Array.from({ length: 256 }, (_, byte) => shownByte(byte));

/** How many characters that are. */
const SHOWN_LENGTHS = Uint8Array.from(SHOWN, ({ length }) => length);

const QUOTE = 0x22;

/** The bytes in double quotes, in ASCII. */
export function quote(bytes: Uint8Array): string {
  const target = Buffer.allocUnsafe(quotedLength(bytes));
  writeQuoted(target, 0, bytes);
  return target.toString('latin1');
}

/** How many bytes the bytes in double quotes are. */
export function quotedLength(bytes: Uint8Array): number {
  let length = 2;
  for (let i = 0; i < bytes.length; i++) length += SHOWN_LENGTHS[bytes[i]];
  return length;
}

/** Writes the bytes in double quotes; returns the position behind them. */
export function writeQuoted(target: Buffer, start: number, bytes: Uint8Array): number {
  let at = start;
  target[at++] = QUOTE;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (SHOWN_LENGTHS[byte] === 1) {
      target[at++] = byte;
    } else {
      const shown = SHOWN[byte];
      for (let k = 0; k < shown.length; k++) target[at++] = shown.charCodeAt(k);
    }
  }
  target[at++] = QUOTE;
  return at;
}

function shownByte(byte: number): string {
  const character = String.fromCharCode(byte);
  const escaped = NAMED_ESCAPES[character];
  if (escaped !== undefined) return escaped;
  if (byte >= 0x20 && byte < 0x7f) return character;
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
