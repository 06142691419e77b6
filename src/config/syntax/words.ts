// Lines of words: how a line of redis.conf is cut into arguments, and how arguments are written so
// that cutting gives them back. All strings are byte strings (see text.ts).

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
};

/**
 * Cuts a line into words as Redis does: words are separated by white space; `"…"` takes the escapes
 * `\n \r \t \b \a \" \\ \xHH`, and a backslash before anything else vanishes; `'…'` takes `\'`
 * alone. A closing quote must end its word.
 *
 * @returns the words, or undefined when quotes are unbalanced
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line[at])) at++;
    if (at === line.length) return words;
    let word = '';
    while (at < line.length && !endsWord(line[at])) {
      const quote = line[at];
      if (quote !== '"' && quote !== "'") {
        word += line[at++];
        continue;
      }
      at++;
      while (at < line.length && line[at] !== quote) {
        const hex = quote === '"' ? /^\\x([0-9a-fA-F]{2})/.exec(line.slice(at, at + 4)) : null;
        if (hex !== null) {
          word += String.fromCharCode(Number.parseInt(hex[1], 16));
          at += 4;
        } else if (line[at] === '\\' && at + 1 < line.length && quote === '"') {
          word += escapes[line[at + 1]] ?? line[at + 1];
          at += 2;
        } else if (line[at] === '\\' && line[at + 1] === "'") {
          word += "'";
          at += 2;
        } else {
          word += line[at++];
        }
      }
      at++;
      if (at > line.length || (at < line.length && !isSpace(line[at]))) return undefined;
      break;
    }
    words.push(word);
  }
}

/** A word in double quotes, in printable ASCII; `splitWords` gives the word back. */
export function quoteWord(word: string): string {
  let quoted = '"';
  for (const character of word) {
    const code = character.charCodeAt(0);
    if (character === '\\' || character === '"') quoted += `\\${character}`;
    else if (code >= 0x20 && code < 0x7f) quoted += character;
    else quoted += shortEscapes.get(character) ?? `\\x${code.toString(16).padStart(2, '0')}`;
  }
  return `${quoted}"`;
}

/** A word as it is where that is enough, in double quotes otherwise. */
export function quoteIfNeeded(word: string): string {
  return /^[!#-&(-~]+$/.test(word) ? word : quoteWord(word);
}

const shortEscapes = new Map(
  Object.entries(escapes).map(([letter, byte]) => [byte, `\\${letter}`]),
);

/** What ends a word outside quotes: less than all white space. */
function endsWord(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t';
}

/** White space as isspace(3) has it in the C locale. */
function isSpace(character: string): boolean {
  return character === ' ' || (character >= '\t' && character <= '\r');
}
