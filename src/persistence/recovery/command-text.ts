// Commands exactly as servers write them into a log: `*3\r\n$3\r\nSET\r\n …`. The decoder for clients' requests
// accepts more. Where a log cannot be read further, the exact form shows the cause: a crash leaves the beginning of
// a command; anything else was changed afterwards.

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const ZERO = 48;
const NINE = 57;
const MAX_DIGITS = 10;
const MAX_NUMBER = 0x7fffffff;
const MAX_NAME_BYTES = 64;
const NAME = /^[a-z][a-z0-9._-]*$/i;
const NEXT_COMMAND = Buffer.from('\r\n*', 'latin1');

/** There is no command. */
export const WRONG = -1;
/** The bytes so far are valid, and the command ends after them. */
export const CUT = -2;

/** Whether there is a whole command somewhere in bytes [from, end), after the end of a line. */
export function holdsCommand(bytes: Buffer, from: number, end: number): boolean {
  const there = bytes.subarray(0, end);
  for (let at = there.indexOf(NEXT_COMMAND, from); at >= 0; ) {
    const commandAt = at + NEXT_COMMAND.length - 1;
    if (endOfCommand(bytes, commandAt, end) > 0 && hasName(bytes, commandAt, end)) return true;
    at = there.indexOf(NEXT_COMMAND, at + 1);
  }
  return false;
}

/** Whether the line at `at` ends in LF alone, as after editing or a transfer as text. */
export function endsInLineFeed(bytes: Buffer, at: number, end: number): boolean {
  const lineEnd = bytes.subarray(0, end).indexOf(LF, at);
  return lineEnd > at && bytes[lineEnd - 1] !== CR;
}

/**
 * Where the command at `at` ends.
 * @param end of the available bytes
 * @returns WRONG, or CUT when it ends later
 */
export function endOfCommand(bytes: Buffer, at: number, end: number): number {
  let next = endOfHeader(bytes, at, end, STAR);
  if (next < 0) return next;
  const count = numberBefore(bytes, next);
  if (count === 0 || count > MAX_NUMBER) return WRONG;
  for (let i = 0; i < count; i++) {
    next = endOfHeader(bytes, next, end, DOLLAR);
    if (next < 0) return next;
    const length = numberBefore(bytes, next);
    if (length > MAX_NUMBER) return WRONG;
    next += length + 2;
    if (next > end) return next === end + 1 && bytes[end - 1] !== CR ? WRONG : CUT;
    if (bytes[next - 2] !== CR || bytes[next - 1] !== LF) return WRONG;
  }
  return next;
}

/** Where the line `*<digits>\r\n` or `$<digits>\r\n` at `at` ends; WRONG or CUT. */
function endOfHeader(bytes: Buffer, at: number, end: number, type: number): number {
  if (at >= end) return CUT;
  if (bytes[at] !== type) return WRONG;
  let i = at + 1;
  while (i < end && bytes[i] >= ZERO && bytes[i] <= NINE) i++;
  if (i - at - 1 > MAX_DIGITS) return WRONG;
  if (i === end) return CUT;
  if (i === at + 1 || bytes[i] !== CR) return WRONG;
  if (i + 1 === end) return CUT;
  return bytes[i + 1] === LF ? i + 2 : WRONG;
}

/** The number of the header that ends at `end`. */
function numberBefore(bytes: Buffer, end: number): number {
  let value = 0;
  let scale = 1;
  for (let i = end - 3; bytes[i] >= ZERO && bytes[i] <= NINE; i--) {
    value += (bytes[i] - ZERO) * scale;
    scale *= 10;
  }
  return value;
}

/** Whether the whole command at `at` has this name; `word` is in lower case. */
export function isCalled(bytes: Buffer, at: number, end: number, word: string): boolean {
  const nameAt = nameOf(bytes, at, end);
  if (numberBefore(bytes, nameAt) !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    if ((bytes[nameAt + i] | 32) !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** Where the first argument of the whole command at `at` begins. */
function nameOf(bytes: Buffer, at: number, end: number): number {
  return endOfHeader(bytes, endOfHeader(bytes, at, end, STAR), end, DOLLAR);
}

/** Whether the first argument of the whole command at `at` could be a command's name. */
function hasName(bytes: Buffer, at: number, end: number): boolean {
  const nameAt = nameOf(bytes, at, end);
  const length = numberBefore(bytes, nameAt);
  return length <= MAX_NAME_BYTES && NAME.test(bytes.toString('latin1', nameAt, nameAt + length));
}
