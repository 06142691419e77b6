// The readable form of commands and replies: a command is written as in redis-cli ("SET k \x00 EX
// 10", quotes where needed), a reply with its control bytes escaped. Text stands for bytes one to
// one (latin1), so a script can hold any byte and says which one.

/**
 * Splits a line into arguments by redis-cli's rules: blanks separate; "…" knows \n \r \t \b \a
 * \\ \" and \xHH; '…' knows \'.
 *
 * @throws Error for unbalanced quotes and for characters that are no byte.
 */
export function splitLine(line: string): Buffer[] {
  const args: Buffer[] = [];
  let at = 0;
  while (true) {
    while (at < line.length && isBlank(line[at])) at++;
    if (at >= line.length) return args;
    let text = '';
    while (at < line.length && !isBlank(line[at])) {
      if (line[at] === '"' || line[at] === "'") {
        const quoted = readQuoted(line, at);
        text += quoted.text;
        at = quoted.end;
      } else {
        text += line[at++];
      }
    }
    args.push(toBytes(text));
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
};

function readQuoted(line: string, start: number): { text: string; end: number } {
  const quote = line[start];
  let text = '';
  let at = start + 1;
  while (at < line.length) {
    const character = line[at];
    if (character === quote) return { text, end: at + 1 };
    if (character === '\\' && quote === "'" && line[at + 1] === "'") {
      text += "'";
      at += 2;
    } else if (character === '\\' && quote === '"' && at + 1 < line.length) {
      const hex = /^x([0-9a-fA-F]{2})/.exec(line.slice(at + 1, at + 4));
      if (hex !== null) {
        text += String.fromCharCode(Number.parseInt(hex[1], 16));
        at += 4;
      } else {
        text += ESCAPES[line[at + 1]] ?? line[at + 1];
        at += 2;
      }
    } else {
      text += character;
      at++;
    }
  }
  throw new Error(`unbalanced quotes in the script line: ${line}`);
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t';
}

/** The bytes that a text of characters 0–255 stands for. */
export function toBytes(text: string | Buffer): Buffer {
  if (typeof text !== 'string') return text;
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 0xff) {
      throw new Error(`no byte: ${JSON.stringify(text[index])} in ${JSON.stringify(text)}`);
    }
  }
  return Buffer.from(text, 'latin1');
}

/** A command as a client sends it: an array of bulk strings. */
export function encodeCommand(args: readonly (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = toBytes(arg);
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

/** A command as one would type it into redis-cli; long arguments are cut, with their length. */
export function showCommand(args: readonly (string | Buffer)[]): string {
  return args.map((arg) => showArgument(toBytes(arg))).join(' ');
}

const SHOWN_ARGUMENT_BYTES = 120;

function showArgument(arg: Buffer): string {
  const cut = arg.subarray(0, SHOWN_ARGUMENT_BYTES);
  const rest = arg.length > cut.length ? `…(${arg.length} bytes)` : '';
  const text = escapeBytes(cut, true);
  const quoted = text.length === 0 || /[\s"'\\]/.test(text) ? `"${text}"` : text;
  return quoted + rest;
}

/** Bytes as printable text: control and high bytes as \xHH, line ends as \r \n. */
export function escapeBytes(bytes: Buffer, quotes = false): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0x0d) text += '\\r';
    else if (byte === 0x0a) text += '\\n';
    else if (byte === 0x5c) text += '\\\\';
    else if (quotes && byte === 0x22) text += '\\"';
    else if (byte < 0x20 || byte > 0x7e) text += `\\x${byte.toString(16).padStart(2, '0')}`;
    else text += String.fromCharCode(byte);
  }
  return text;
}

/** The words of a text, for long lists of values. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
