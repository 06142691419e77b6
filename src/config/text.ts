// Bytes as text. Inside this folder every string is a *byte string*: one character (U+0000 to
// U+00FF) for each byte, as in latin1, because Redis's configuration is bytes, and passwords and
// command names need not be UTF-8. Only the parsed values of paths and other texts are decoded.

/** The byte string of a JavaScript string's UTF-8 form. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The text whose UTF-8 form a byte string is, or undefined when it is not UTF-8. */
export function textOf(bytes: string): string | undefined {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return bytesOf(text) === bytes ? text : undefined;
}

/** A byte string for people to read in a message: decoded where it is UTF-8, in one line. */
export function shown(bytes: string): string {
  const text = textOf(bytes) ?? bytes;
  return text.replace(/\p{Cc}/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/**
 * What is wrong with the text of a path, a name or an address, if anything: the system ends each at the
 * first NUL, and would take another one than the text says.
 */
export function nulProblem(bytes: string): string | undefined {
  return bytes.includes('\0') ? 'argument must not contain NUL bytes' : undefined;
}
