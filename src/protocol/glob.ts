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
 * @param pattern bytes that hold the pattern, at `pOff`, `pLen` long
 * @param text bytes that hold the text, at `tOff`, `tLen` long
 * @param ignoreCase whether ASCII letters match in either case (not those after a `\` in a class)
 */
export function globMatch(
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
        const end = classEnd(pattern, p + 1, pEnd);
        if (classHas(pattern, p + 1, pEnd, text[t], ignoreCase)) {
          p = end;
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
 * `globMatch` for strings whose characters are bytes (latin1). Allocates: for rare uses only, such
 * as CONFIG GET.
 */
export function globMatchText(pattern: string, text: string, ignoreCase: boolean): boolean {
  const p = Buffer.from(pattern, 'latin1');
  const t = Buffer.from(text, 'latin1');
  return globMatch(p, 0, p.length, t, 0, t.length, ignoreCase);
}

/** Place behind the class whose content begins at `p` (behind its `[`). */
function classEnd(pattern: Uint8Array, p: number, pEnd: number): number {
  if (p < pEnd && pattern[p] === CARET) p++;
  while (p < pEnd && pattern[p] !== CLOSE) p += classStep(pattern, p, pEnd);
  return p < pEnd ? p + 1 : pEnd;
}

/** Length of the class member at `p`: `\x` is 2 bytes, `a-z` is 3 (whatever follows the dash). */
function classStep(pattern: Uint8Array, p: number, pEnd: number): number {
  if (pattern[p] === BACKSLASH && p + 1 < pEnd) return 2;
  return p + 2 < pEnd && pattern[p + 1] === DASH ? 3 : 1;
}

/** Whether the class whose content begins at `p` accepts the byte. */
function classHas(
  pattern: Uint8Array,
  p: number,
  pEnd: number,
  byte: number,
  ignoreCase: boolean,
): boolean {
  const negated = p < pEnd && pattern[p] === CARET;
  if (negated) p++;
  const wanted = ignoreCase ? lower(byte) : byte;
  let found = false;
  while (!found && p < pEnd && pattern[p] !== CLOSE) {
    const step = classStep(pattern, p, pEnd);
    if (step === 2) {
      found = pattern[p + 1] === byte;
    } else {
      // A range may be written either way round; its ends change places before case is folded.
      const last = pattern[p + step - 1];
      let low = Math.min(pattern[p], last);
      let high = Math.max(pattern[p], last);
      if (ignoreCase) {
        low = lower(low);
        high = lower(high);
      }
      found = wanted >= low && wanted <= high;
    }
    p += step;
  }
  return found !== negated;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}
