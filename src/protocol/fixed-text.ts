// Doubles with a fixed number of decimal places, as C's `%.*f` prints them. The runtime's `toFixed` rounds halves up,
// C to the even digit; above 10^21 `toFixed` gives an exponent, C all digits.

const MAX_FIXED = 1e21;

/** A finite double with so many decimal places, 1 … 30; `inf` and `-inf`, `nan` for others. */
export function fixedText(value: number, places: number): string {
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 'nan';
  if (magnitude === Number.POSITIVE_INFINITY) return value < 0 ? '-inf' : 'inf';
  if (magnitude >= MAX_FIXED) return `${BigInt(value)}.${'0'.repeat(places)}`;
  const text = isHalf(magnitude, places) ? halfToEven(value, places) : value.toFixed(places);
  return value < 0 && !text.startsWith('-') ? `-${text}` : text;
}

/** A finite double with at most so many decimal places, without zeros at the end: Redis's form for people. */
export function humanText(value: number, places: number): string {
  const text = fixedText(value, places);
  let end = text.length;
  if (!text.includes('.')) return text;
  while (text.charCodeAt(end - 1) === 48) end--;
  if (text.charCodeAt(end - 1) === 46) end--;
  const trimmed = text.slice(0, end);
  return trimmed === '-0' ? '0' : trimmed;
}

/** Whether a number lies exactly between two that have so many places: then it is an odd multiple of 2^-(places + 1). */
function isHalf(magnitude: number, places: number): boolean {
  const halves = magnitude * 2 ** (places + 1);
  return Math.floor(halves) === halves && halves % 2 === 1;
}

function halfToEven(value: number, places: number): string {
  // With one place more it is exact, and ends in 5.
  const exact = value.toFixed(places + 1);
  const isEven = (exact.charCodeAt(exact.length - 2) & 1) === 0;
  return isEven ? exact.slice(0, -1) : value.toFixed(places);
}
