// Makes commands out of grammars: mostly valid ones over few keys, so that they meet each other's
// data, with options in every combination and order, and now and then a broken one.
//
// Times: a relative expiry is drawn far apart from every other, because its absolute time differs
// by the time between the two servers, and a comparison of two near ones (EXPIRE … GT) would not
// come out the same. Nothing drawn here runs out while a test runs.

import { LIST_VALUES, payloadOf, SET_VALUES, STRING_VALUE } from '../persistence/rdb/payloads.ts';
import type { Argument, CommandGrammar } from './command-grammar.ts';
import type { Random } from './random.ts';
import { randomBitArgument } from './random-bits.ts';
import { comparable, geoValue, isSelective, keyGroup } from './random-geo.ts';
import { memberOf } from './random-sets.ts';
import { streamArgument } from './random-stream-arguments.ts';
import { rangeLimit } from './random-zsets.ts';

const KEYS_OF_A_GROUP = 4;
const DATABASES = [0, 1, 2];
const BROKEN_SHARE = 0.06;
/** Commands that take more arguments than in Redis 7.0. */
const TAKING_MORE = new Set(['zrank', 'zrevrank']);
const FUTURE_SECONDS = 4_102_444_800;

const STRINGS = [
  ...[
    '',
    'a',
    'b',
    'hello',
    'Hello World',
    'ohmytext',
    'mynewtext',
    '\x00',
    '\xff\xfe\r\n',
    ' ',
    '-',
  ],
  ...['0', '1', '-1', '7', '42', '007', '10.5', '3.0e3', '1e400', 'nan', '9999', '10000', '+5'],
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775808', '12345678901234567890'],
  ...['x'.repeat(44), 'y'.repeat(45), 'z'.repeat(70), '0123456789'.repeat(30)],
];
const SMALL_INTEGERS = ['0', '1', '2', '3', '5', '10', '-1', '-2', '-5', '100'];
const INTEGERS = [
  ...SMALL_INTEGERS,
  ...['1000', '9223372036854775807', '-9223372036854775808', '4611686018427387904'],
];
const NO_INTEGERS = ['', 'abc', '1.5', ' 1', '01', '9223372036854775808', '+1', '-'];
const DOUBLES = [
  ...[
    '0',
    '1',
    '-1',
    '0.1',
    '0.2',
    '1.5',
    '-2.75',
    '3.0e3',
    '1e-5',
    '1e17',
    '100',
    '3.14159265358979',
  ],
  ...['12345678901234567', '1e300', '5e-324', 'inf', 'nan', 'abc', '1e400'],
];
/** Within the range in which Redis 7.0 does not take them for negative. */
const TIMEOUTS = ['0', '0.01', '1.5', '100', '-1', 'nan', 'abc', ''];
const PATTERNS = ['*', '?', 's*', '*:[1-2]', 'h?llo', '[^s]*', 's:\\1', '', '*1*'];
/** What RESTORE takes: a string, lists and sets, and one with a wrong checksum. */
const PAYLOADS = [STRING_VALUE, ...[...LIST_VALUES, ...SET_VALUES].map(({ value }) => value)]
  .filter(([type]) => type <= 18)
  .map((value) => payloadOf(value))
  .map((payload) => payload.toString('latin1'))
  .concat('\x00'.repeat(9));
const JUNK = ['', 'bogus', 'NX', 'XX', 'GET', 'EX', '-1', '\xff', '*', '0x10'];

/** Makes commands of the given grammars, each about as often as its weight says. */
export class CommandGenerator {
  readonly #random: Random;
  readonly #grammars: readonly CommandGrammar[];
  readonly #weight: (grammar: CommandGrammar) => number;
  readonly #databases: readonly number[];
  #deck: CommandGrammar[] = [];

  /**
   * @param weight how often a command is dealt in each round; at least 1.
   * @param databases those that commands name.
   */
  constructor(
    random: Random,
    grammars: readonly CommandGrammar[],
    weight: (grammar: CommandGrammar) => number,
    databases: readonly number[] = DATABASES,
  ) {
    this.#random = random;
    this.#grammars = grammars;
    this.#weight = weight;
    this.#databases = databases;
  }

  /** The next command; every grammar comes up before the deck of all of them is dealt again. */
  next(): { grammar: CommandGrammar; args: string[] } {
    const grammar = this.#deal();
    let words = [...grammar.words, ...this.#sequence(grammar.arguments, grammar)];
    if (this.#random.chance(0.3)) words[0] = this.#changeCase(words[0]);
    if (this.#random.chance(BROKEN_SHARE)) words = this.#break(words, grammar);
    return { grammar, args: comparable(grammar, words) };
  }

  #deal(): CommandGrammar {
    const dealt = this.#deck.pop();
    if (dealt !== undefined) return dealt;
    this.#deck = this.#random.shuffle(
      this.#grammars.flatMap((grammar) =>
        Array.from({ length: this.#weight(grammar) }, () => grammar),
      ),
    );
    const next = this.#deck.pop();
    if (next === undefined) throw new Error('there are no commands to choose from');
    return next;
  }

  #sequence(list: readonly Argument[], grammar: CommandGrammar): string[] {
    const mandatory = list.filter((argument) => !argument.optional);
    const optional = list.filter((argument) => argument.optional);
    // Options that follow everything else may come in any order.
    const trailing = list.slice(mandatory.length).every((argument) => argument.optional);
    const ordered = trailing ? [...mandatory, ...this.#random.shuffle(optional)] : list;
    let keyCount: number | undefined;
    return ordered.flatMap((argument) => {
      if (argument.optional && !this.#random.chance(0.4)) return [];
      if (['numkeys', 'numfields', 'numids'].includes(argument.name)) {
        keyCount = this.#random.integer(1, 3);
        return this.#withToken(argument, String(keyCount));
      }
      const isCounted = argument.multiple && ['key', 'field', 'data', 'id'].includes(argument.name);
      return this.#occurrences(argument, grammar, isCounted ? keyCount : undefined);
    });
  }

  #occurrences(argument: Argument, grammar: CommandGrammar, told: number | undefined): string[] {
    let count = told ?? 1;
    while (told === undefined && argument.multiple && count < 5 && this.#random.chance(0.5))
      count++;
    return Array.from({ length: count }, (_, index) => {
      const value = this.#value(argument, grammar);
      if (argument.type === 'pure-token' || argument.token === undefined) return value;
      const withToken = index === 0 || argument.multipleToken;
      return withToken ? [this.#changeCase(argument.token), ...value] : value;
    }).flat();
  }

  #withToken(argument: Argument, value: string): string[] {
    return argument.token === undefined ? [value] : [this.#changeCase(argument.token), value];
  }

  #value(argument: Argument, grammar: CommandGrammar): string[] {
    const own = randomBitArgument(argument, grammar, this.#random);
    if (own !== undefined) return [own];
    const ofStream = streamArgument(this.#random, grammar, argument);
    if (ofStream !== undefined) return [ofStream];
    const limit = rangeLimit(this.#random, grammar.name, argument);
    if (limit !== undefined) return [limit];
    switch (argument.type) {
      case 'pure-token':
        return [this.#changeCase(argument.token ?? argument.name)];
      case 'oneof':
        return this.#occurrences(this.#random.pick(argument.arguments), grammar, undefined);
      case 'block':
        return this.#sequence(argument.arguments, grammar);
      case 'key':
        return [this.#key(grammar)];
      case 'integer':
        return [this.#integer(argument.name)];
      case 'unix-time':
        return [this.#time(argument.name)];
      case 'double':
        return [
          geoValue(this.#random, argument) ??
            this.#random.pick(argument.name === 'timeout' ? TIMEOUTS : DOUBLES),
        ];
      case 'pattern':
        return [this.#random.pick(PATTERNS)];
      default:
        if (grammar.group === 'set' && argument.name === 'member') return [memberOf(this.#random)];
        return [this.#random.pick(argument.name === 'serialized-value' ? PAYLOADS : STRINGS)];
    }
  }

  /** Mostly one of the keys that hold the type which the command is for. */
  #key(grammar: CommandGrammar): string {
    if (this.#random.chance(0.02)) return this.#random.pick(['', '\x00\xff', 'x'.repeat(100)]);
    const groups = ['string', 'hash', 'list', 'set', 'sorted-set', 'stream', 'bitmap'];
    groups.push('hyperloglog');
    const own = keyGroup(grammar) ?? (groups.includes(grammar.group) ? grammar.group : 'string');
    const isOwn = isSelective(grammar) || this.#random.chance(0.9);
    const group = isOwn ? own : this.#random.pick(groups);
    return `${group}:${this.#random.integer(1, KEYS_OF_A_GROUP)}`;
  }

  #integer(name: string): string {
    if (this.#random.chance(0.03)) return this.#random.pick(NO_INTEGERS);
    if (/seconds|^ttl$/.test(name)) {
      if (this.#random.chance(0.1)) return this.#random.pick(['0', '-1', '9223372036854775807']);
      const seconds = this.#random.integer(1_000, 2_000_000_000);
      return /milli|^ttl$/.test(name) ? String(seconds * 1_000) : String(seconds);
    }
    if (/^(db|destination-db|index\d?)$/.test(name)) {
      return this.#random.chance(0.95)
        ? String(this.#random.pick(this.#databases))
        : this.#random.pick(['16', '-1']);
    }
    if (/increment|decrement/.test(name)) return this.#random.pick(INTEGERS);
    return this.#random.pick(this.#random.chance(0.95) ? SMALL_INTEGERS : INTEGERS);
  }

  #time(name: string): string {
    if (this.#random.chance(0.1)) return this.#random.pick(['1', '0', '-1', 'abc']);
    const seconds = FUTURE_SECONDS + this.#random.integer(0, 1_000_000);
    return String(/milli|ms/.test(name) ? seconds * 1_000 + 123 : seconds);
  }

  #changeCase(word: string): string {
    const way = this.#random.next();
    if (way < 0.8) return word;
    return way < 0.9 ? word.toLowerCase() : word.toUpperCase();
  }

  /** Damages the arguments: one too few, one too many, another one, one twice. */
  #break(
    words: readonly string[],
    { words: { length: nameWords }, name }: CommandGrammar,
  ): string[] {
    const broken = [...words];
    const at = this.#random.integer(nameWords, Math.max(nameWords, words.length - 1));
    const way = this.#random.integer(0, 3);
    // In a transaction Redis 7.0 refuses one more argument at once, where a later option may be.
    if (way % 2 === 1 && TAKING_MORE.has(name)) return broken;
    if (way === 0 && words.length > nameWords) broken.pop();
    else if (way === 1) broken.push(this.#random.pick(JUNK));
    else if (way === 2 && at < words.length) broken[at] = this.#random.pick(JUNK);
    else if (at < words.length) broken.splice(at, 0, words[at]);
    return broken;
  }
}
