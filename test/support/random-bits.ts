// Arguments of the commands for bitmaps and HyperLogLogs, which their grammars tell too little of: field types,
// operations, offsets near each other.
import type { Argument, CommandGrammar } from './command-grammar.ts';
import type { Random } from './random.ts';

const FIELD_TYPES = ['u1', 'i1', 'u4', 'i5', 'u8', 'i8', 'u13', 'i32', 'u32', 'u52', 'i53', 'u63'];
FIELD_TYPES.push('i64', 'u64', 'i65', 'u0', '8');
const OPERATIONS = ['AND', 'OR', 'XOR', 'NOT', 'and', 'Or', 'bogus'];
/** Not FAIL: Redis makes keys where all operations fail (the difference bitfield-fail). */
const OVERFLOWS = ['WRAP', 'SAT', 'sat', 'bogus'];
const FAR_OFFSETS = ['100000', '4294967295', '4294967296', '-1', '#1', 'abc'];
const BITS = ['0', '1', '0', '1', '0', '1', '2', '-1', 'x'];

/** Of PFDEBUG. */
const SUBCOMMANDS = ['GETREG', 'DECODE', 'ENCODING', 'TODENSE', 'bogus'];

/** A value for an argument of such a command; undefined if any of its type will do. */
export function randomBitArgument(
  { name, type }: Argument,
  { name: command, group }: CommandGrammar,
  random: Random,
): string | undefined {
  if (group === 'hyperloglog') {
    if (name === 'subcommand') return random.pick(SUBCOMMANDS);
    return name === 'element' && random.chance(0.7) ? `e:${random.integer(1, 500)}` : undefined;
  }
  if (group !== 'bitmap') return undefined;
  if (name === 'encoding') return random.pick(FIELD_TYPES);
  if (name === 'operation' && type === 'string') return random.pick(OPERATIONS);
  if (name === 'wrap_sat_fail') return random.pick(OVERFLOWS);
  if (name === 'bit' || (name === 'value' && command === 'setbit')) return random.pick(BITS);
  if (name === 'offset') return randomOffset(command, random);
  return undefined;
}

function randomOffset(command: string, random: Random): string {
  // The far ones that SETBIT takes would be strings of half a gigabyte.
  const isWritten = command === 'setbit' || command === 'bitfield';
  if (random.chance(0.05)) return random.pick(isWritten ? FAR_OFFSETS.slice(3) : FAR_OFFSETS);
  const offset = String(random.integer(0, 300));
  return command.startsWith('bitfield') && random.chance(0.2) ? `#${offset}` : offset;
}
