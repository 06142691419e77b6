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

/** The bytes in double quotes, in ASCII. */
export function quote(bytes: Uint8Array): string {
  let text = '"';
  for (let i = 0; i < bytes.length; i++) text += SHOWN[bytes[i]];
  return `${text}"`;
}

function shownByte(byte: number): string {
  const character = String.fromCharCode(byte);
  const escaped = NAMED_ESCAPES[character];
  if (escaped !== undefined) return escaped;
  if (byte >= 0x20 && byte < 0x7f) return character;
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
