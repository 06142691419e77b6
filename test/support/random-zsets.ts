// Arguments of commands of sorted sets that mean something to them, where the documentation calls them just strings or
// doubles: the limits of ranges.
import type { Argument } from './command-grammar.ts';
import type { Random } from './random.ts';

const MEMBERS = ['-', '+', '[a', '(a', '[b', '(hello', '[', '[\xff', '(0', '[9999', '-', '+'];
const SCORES = ['-inf', '+inf', '(0', '(1', '0', '1', '-5', '10.5', '(10', '1e17', '(inf', '2'];
const RANKS = ['0', '1', '2', '-1', '-2', '5', '100', '-100'];

/** A limit, if the argument of a command is one. */
export function rangeLimit(
  random: Random,
  name: string,
  { name: argument, type }: Argument,
): string | undefined {
  if (!name.startsWith('z') || !/^(min|max|start|stop)$/.test(argument)) return undefined;
  if (type === 'double') return random.pick(SCORES);
  if (type !== 'string') return undefined;
  // ZRANGE takes limits of every kind.
  return random.pick(name.includes('lex') ? MEMBERS : random.pick([RANKS, RANKS, SCORES, MEMBERS]));
}
