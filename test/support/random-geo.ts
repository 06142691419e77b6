// Arguments for random commands on places, and for SORT.
import type { Argument, CommandGrammar } from './command-grammar.ts';
import type { Random } from './random.ts';

const LONGITUDES = ['0', '13.361389', '13.4', '-13.5', '179.9999', '-180', '180', '181', '1e-7'];
const LATITUDES = ['0', '38.115556', '38', '-37.5', '85.05', '-85.05112878', '85.06', '66.6'];
const DISTANCES = ['0', '1', '150.5', '1000', '20000', '3e6', '1e8', '-1', 'inf', 'x'];

/** A value for a coordinate or distance; undefined for other arguments. */
export function geoValue(random: Random, { name }: Argument): string | undefined {
  if (name === 'longitude') return random.pick(LONGITUDES);
  if (name === 'latitude') return random.pick(LATITUDES);
  return ['radius', 'width', 'height'].includes(name) ? random.pick(DISTANCES) : undefined;
}

/** The group of keys that a command is for; undefined where its own group says that. */
export function keyGroup({ name, group }: CommandGrammar): string | undefined {
  if (group === 'geo') return 'sorted-set';
  return name === 'sort' || name === 'sort_ro' ? 'list' : undefined;
}

/**
 * Whether a command is given keys of its own group alone: sets and sorted sets have no order that SORT could keep among
 * equal elements.
 */
export function isSelective({ name }: CommandGrammar): boolean {
  return name === 'sort' || name === 'sort_ro';
}

/**
 * The words of a command, without what comes out differently on purpose (`sort-out-of-range`, `geo-last-digits`) or by
 * the order of a hash table: SORT sorts texts, by themselves, and what is stored of places are not their distances.
 */
export function comparable({ name, group }: CommandGrammar, words: string[]): string[] {
  if (name === 'sort' || name === 'sort_ro') {
    const by = words.findIndex((word) => /^by$/i.test(word));
    const others = by < 0 ? words : words.toSpliced(by, 2);
    return others.length > 1 ? others.toSpliced(2, 0, 'ALPHA') : others;
  }
  if (group !== 'geo') return words;
  if (name === 'geosearchstore') return words.filter((word) => !/^storedist$/i.test(word));
  return words.map((word) => (/^storedist$/i.test(word) ? 'STORE' : word));
}
