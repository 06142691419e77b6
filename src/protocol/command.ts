// Encodes commands as clients send them: arrays of bulk strings.

const LINE_END = Buffer.from('\r\n');

/**
 * The bytes of a command, in pieces: long arguments are not copied.
 * @param args its name and arguments; strings have one character a byte
 */
export function commandPieces(args: readonly (string | Uint8Array)[]): Uint8Array[] {
  const pieces: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === 'string' ? Buffer.from(arg, 'latin1') : arg;
    pieces.push(Buffer.from(`$${bytes.length}\r\n`), bytes, LINE_END);
  }
  return pieces;
}
