// Redis's glob matcher over bytes: `*`, `?`, `[a-z]`, `[^a-z]` and `\` before any of them. KEYS,
// SCAN, PSUBSCRIBE, CONFIG GET and key patterns of ACLs all match with it. It allocates nothing.
// Every pattern element but `*` takes exactly one byte of the text, so after a mismatch it is
// enough to let the last `*` take one byte more: time is at most pattern × text, whatever the
// number of stars.

const BACKSLASH = 0x5c;
const CARET = 0x5e;
const CLOSE = 0x5d;
const DASH = 0x2d;
const OPEN = 0x5b;
const QUESTION = 0x3f;
const STAR = 0x2a;

/**
 * Whether the whole text matches the whole pattern, as Redis 7.0 decides it.
 *
 * Malformed patterns are not errors: a class without `]` ends with the pattern, and a `\` at the
 * end stands for itself. An empty text matches the empty pattern alone, not even `*`: as in Redis,
 * commands that take `*` for everything (KEYS, SCAN) look for it before they match.
 *
 * @param ignoreCase whether ASCII letters match in either case (not those after a `\` in a class)
 */
export function globMatch(pattern: Uint8Array, text: Uint8Array, ignoreCase: boolean): boolean {
  return globMatchIn(pattern, 0, pattern.length, text, 0, text.length, ignoreCase);
}

/**
 * The same where pattern and text lie among other bytes: without a view of either.
 *
 * @param pattern bytes that hold the pattern, at `pOff`, `pLen` long
 * @param text bytes that hold the text, at `tOff`, `tLen` long
 */
export function globMatchIn(
  pattern: Uint8Array,
  pOff: number,
  pLen: number,
  text: Uint8Array,
  tOff: number,
  tLen: number,
  ignoreCase: boolean,
): boolean {
  if (tLen === 0) return pLen === 0;
  const pEnd = pOff + pLen;
  const tEnd = tOff + tLen;
  let p = pOff;
  let t = tOff;
  // Where to go on after a mismatch: behind the last star, with the text it has not yet taken.
  let starP = -1;
  let starT = 0;
  while (t < tEnd) {
    if (p < pEnd) {
      const element = pattern[p];
      if (element === STAR) {
        do p++;
        while (p < pEnd && pattern[p] === STAR);
        if (p === pEnd) return true;
        starP = p;
        starT = t;
        continue;
      }
      if (element === OPEN) {
        const behind = behindClass(pattern, p + 1, pEnd, text[t], ignoreCase);
        if (behind >= 0) {
          p = behind;
          t++;
          continue;
        }
      } else {
        const literal = element === BACKSLASH && p + 1 < pEnd ? p + 1 : p;
        if (
          (element === QUESTION && literal === p) ||
          pattern[literal] === text[t] ||
          (ignoreCase && lower(pattern[literal]) === lower(text[t]))
        ) {
          p = literal + 1;
          t++;
          continue;
        }
      }
    }
    if (starP < 0) return false;
    p = starP;
    t = ++starT;
  }
  while (p < pEnd && pattern[p] === STAR) p++;
  return p === pEnd;
}

/**
 * Whether the class whose content begins at `p` (behind its `[`) accepts the byte.
 * @returns the place behind the class if so, otherwise -1
 */
function behindClass(
  pattern: Uint8Array,
  p: number,
  pEnd: number,
  byte: number,
  ignoreCase: boolean,
): number {
  const negated = p < pEnd && pattern[p] === CARET;
  const wanted = ignoreCase ? lower(byte) : byte;
  let at = negated ? p + 1 : p;
  let found = false;
  while (at < pEnd && pattern[at] !== CLOSE) {
    const member = pattern[at];
    let has: boolean;
    if (member === BACKSLASH && at + 1 < pEnd) {
      has = pattern[at + 1] === byte;
      at += 2;
    } else if (at + 2 < pEnd && pattern[at + 1] === DASH) {
      // Whatever follows the dash.
      has = isWithin(member, pattern[at + 2], wanted, ignoreCase);
      at += 3;
    } else {
      has = member === byte || (ignoreCase && lower(member) === wanted);
      at++;
    }
    if (has && negated) return -1;
    found ||= has;
  }
  if (found === negated) return -1;
  return at < pEnd ? at + 1 : pEnd;
}

/** A range may be written either way round; its ends change places before case is folded. */
function isWithin(first: number, last: number, wanted: number, ignoreCase: boolean): boolean {
  const low = Math.min(first, last);
  const high = Math.max(first, last);
  if (!ignoreCase) return wanted >= low && wanted <= high;
  return wanted >= lower(low) && wanted <= lower(high);
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}
