// Arguments of commands of streams that mean something to them, where the documentation calls them just strings: ids, and
// names of groups and consumers.
import type { Argument, CommandGrammar } from './command-grammar.ts';
import type { Random } from './random.ts';

const GROUPS = ['a', 'b', 'a', 'b', 'none'];
const CONSUMERS = ['a', 'b', 'c', ''];
const LIMITS = ['-', '+', '0', '(3-0', '5'];

/** An id, or a name, if the argument of a command is one. */
export function streamArgument(
  random: Random,
  { group }: CommandGrammar,
  { name, type }: Argument,
): string | undefined {
  if (group !== 'stream' || type !== 'string') return undefined;
  if (/^group(name)?$/.test(name)) return random.pick(GROUPS);
  if (/^consumer(name)?$/.test(name)) return random.pick(CONSUMERS);
  if (name === 'min-idle-time') return '0';
  if (name === 'threshold' && random.chance(0.5)) return String(random.integer(0, 8));
  if (/^(start|end)$/.test(name) && random.chance(0.7)) return random.pick(LIMITS);
  if (!/^(id|last-id|start|end|threshold)$/.test(name)) return undefined;
  return `${random.integer(1, 15)}-${random.integer(0, 1)}`;
}
