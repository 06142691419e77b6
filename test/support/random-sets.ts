// Members for random commands on sets: mostly integers, so that sets are arrays of integers for a while, of each width;
// few of them, so that sets meet each other's members.
import type { Random } from './random.ts';

const INTEGERS = [
  ...['0', '1', '2', '3', '4', '5', '6', '7', '-1', '-2', '42', '100', '-32768', '32767'],
  ...['32768', '-32769', '70000', '2147483647', '-2147483649', '9007199254740993'],
  ...['9223372036854775807', '-9223372036854775808'],
];
const TEXTS = [
  ...['a', 'b', 'hello', '', '007', '+5', '-', '10.5', '9223372036854775808'],
  ...['x'.repeat(64), 'y'.repeat(65), '\x00\xff\r\n'],
];

/** A member. */
export function memberOf(random: Random): string {
  if (random.chance(0.5)) return String(random.integer(0, 9));
  return random.pick(random.chance(0.8) ? INTEGERS : TEXTS);
}
