// Splits a line into words as Redis's sdssplitargs does: words are separated by white space; "…"
// takes the escapes \n \r \t \b \a \xHH and \<any>; '…' takes only \'; a closing quote must be
// followed by white space or the end. The same rules serve inline requests.

const SPACE = 32;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
const BACKSLASH = 92;
const LOWER_X = 120;
const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, a: 7 };

/** The words of the line, or undefined when its quotes are not balanced. */
export function splitArguments(line: Uint8Array): Buffer[] | undefined {
  const words: Buffer[] = [];
  let i = 0;
  for (;;) {
    while (i < line.length && isSpace(line[i])) i++;
    // A NUL byte ends the line, as the end of a C string does.
    if (i >= line.length || line[i] === 0) return words;
    const word: number[] = [];
    let quote = 0;
    for (; ; i++) {
      const byte = i < line.length ? line[i] : 0;
      const ended = i >= line.length || byte === 0;
      if (quote === 0) {
        if (ended || isSpace(byte)) break;
        if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) quote = byte;
        else word.push(byte);
      } else if (ended) {
        return undefined;
      } else if (byte === quote) {
        const following = line[i + 1];
        if (i + 1 < line.length && following !== 0 && !isSpace(following)) return undefined;
        i++;
        break;
      } else if (byte === BACKSLASH && quote === DOUBLE_QUOTE && i + 1 < line.length) {
        const code = hexByte(line, i);
        if (code >= 0) {
          word.push(code);
          i += 3;
        } else {
          i++;
          word.push(ESCAPES[String.fromCharCode(line[i])] ?? line[i]);
        }
      } else if (byte === BACKSLASH && quote === SINGLE_QUOTE && line[i + 1] === SINGLE_QUOTE) {
        i++;
        word.push(SINGLE_QUOTE);
      } else {
        word.push(byte);
      }
    }
    words.push(Buffer.from(word));
  }
}

/** The value of `\xHH` at i, or -1. */
function hexByte(line: Uint8Array, i: number): number {
  if (line[i + 1] !== LOWER_X || i + 3 >= line.length) return -1;
  const digits = String.fromCharCode(line[i + 2], line[i + 3]);
  return /^[0-9a-fA-F]{2}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= 9 && byte <= 13);
}
