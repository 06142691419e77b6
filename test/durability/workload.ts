// What the clients of the kill test send: random commands of every type of values that there is, made
// from the grammars that the server tells (so a new command is part of it as soon as its row exists),
// among them transactions. Their effects depend on nothing but what the same client sent before: times
// lie far ahead or long past, and nothing is random.

import { commandsAdded, commandsExtended } from '../compatibility/differences.ts';
import { type CommandGrammar, readCommandNames, readGrammars } from '../support/command-grammar.ts';
import { encodeCommand, showCommand } from '../support/command-line.ts';
import { anyOfType, type Comparer, exact, unordered } from '../support/comparers.ts';
import type { Random } from '../support/random.ts';
import { CommandGenerator } from '../support/random-commands.ts';
import type { RawClient } from '../support/raw-client.ts';
import { itemsOf, type Reply } from '../support/reply-frames.ts';
import { type StreamStep, StreamSteps } from './stream-steps.ts';

const TRANSACTION_SHARE = 0.08;
const DISCARDED_SHARE = 0.1;
const LARGE_SHARE = 0.003;

/** Where scores differ, what lies between two members is chance in Redis: it looks along the levels of a skip list. */
const BY_MEMBERS = 'its range is undefined where scores differ';
/** Commands that are not called, and why. */
const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ['zremrangebylex', BY_MEMBERS],
  ['zlexcount', BY_MEMBERS],
  ['zrangebylex', BY_MEMBERS],
  ['zrevrangebylex', BY_MEMBERS],
  ['flushall', 'concerns other clients; the test sends it between rounds'],
  ['migrate', 'needs another server'],
  ['spop', 'its effect is random'],
]);
/** Commands that the oracle, a Redis 7.0, has not, or not with all their options. */
const LATER = new Set([...commandsAdded.flatMap(({ commands }) => commands), ...commandsExtended]);
/** Commands that would leave little of the data if they came as often as the rest. */
const RARE = new Set(['flushdb', 'swapdb', 'move', 'del', 'unlink', 'getdel', 'ltrim']);
/** Their replies tell of clocks, or of how values are stored, which may be another way after a restart. */
const LOOSE = new Set([
  ...['ttl', 'pttl', 'expiretime', 'pexpiretime', 'dump', 'object|encoding', 'randomkey'],
]);

/** Steps that are about streams: their commands are made by another generator (stream-steps.ts). */
const STREAM_SHARE = 0.25;

/** Some commands that are sent together, and take effect together. */
export interface Step {
  readonly commands: readonly (readonly (string | Buffer)[])[];
  /** One for the reply of each. */
  readonly comparers: readonly Comparer[];
}

/** The grammars of the commands from which steps are made. */
export async function workloadGrammars(client: RawClient): Promise<CommandGrammar[]> {
  const grammars = await readGrammars(client, await readCommandNames(client));
  return grammars.filter(
    ({ name, flags, group }) =>
      name === 'select' ||
      ((flags.has('write') || (flags.has('readonly') && group !== 'server')) &&
        !flags.has('admin') &&
        !LEFT_OUT.has(name) &&
        !LATER.has(name) &&
        !['cluster', 'scripting'].includes(group)),
  );
}

/** An endless stream of steps. */
export class Workload {
  /** Names of the commands that have come up. */
  readonly called = new Set<string>();
  /** Those that the commands reach. */
  readonly databases: readonly number[];
  readonly #random: Random;
  readonly #alone: CommandGenerator;
  readonly #inTransaction: CommandGenerator;
  readonly #streams: StreamSteps;

  constructor(random: Random, grammars: readonly CommandGrammar[], databases: readonly number[]) {
    this.#random = random;
    this.databases = databases;
    const weight = ({ name, flags }: CommandGrammar) =>
      RARE.has(name) || !flags.has('write') ? 1 : 6;
    const others = grammars.filter(({ group }) => group !== 'stream');
    const waitless = others.filter(({ flags }) => !flags.has('blocking'));
    this.#alone = new CommandGenerator(random, waitless, weight, databases);
    this.#inTransaction = new CommandGenerator(random, others, weight, databases);
    this.#streams = new StreamSteps(random);
  }

  /** What a new connection sends first: it belongs to no database of the client's. */
  first(): Step {
    const database = String(this.#random.pick(this.databases));
    return { commands: [['SELECT', database]], comparers: [exact] };
  }

  /** The next step. */
  next(): Step {
    if (this.#random.chance(LARGE_SHARE)) return this.#large();
    if (this.#random.chance(TRANSACTION_SHARE)) return this.#transaction();
    const { args, comparer } = this.#generate(this.#alone);
    return { commands: [args], comparers: [comparer] };
  }

  /** A value of some tens of kilobytes, so that segments of the log get full. */
  #large(): Step {
    const sizeBytes = this.#random.integer(1, 60_000);
    const value = Buffer.alloc(sizeBytes, this.#random.pick(['x', 'yz', '0123456789']));
    const key = this.#random.integer(1, 4);
    const command = this.#random.pick([
      ['SET', `string:${key}`, value],
      ['RPUSH', `list:${key}`, value],
      this.#streams.large(value),
    ]);
    return { commands: [command], comparers: [exact] };
  }

  #transaction(): Step {
    const count = this.#random.integer(1, 8);
    const parts = Array.from({ length: count }, () => this.#generate(this.#inTransaction));
    const end = this.#random.chance(DISCARDED_SHARE) ? 'DISCARD' : 'EXEC';
    const inner = parts.map(({ comparer }) => comparer);
    return {
      commands: [['MULTI'], ...parts.map(({ args }) => args), [end]],
      comparers: [exact, ...inner.map(() => exact), itemByItem(inner)],
    };
  }

  #generate(generator: CommandGenerator): StreamStep {
    if (this.#random.chance(STREAM_SHARE)) {
      const step = this.#streams.next();
      this.called.add(step.name);
      return step;
    }
    const { grammar, args } = generator.next();
    this.called.add(grammar.name);
    // The option of the others that are left out.
    const kept = args.filter((word) => !/^bylex$/i.test(word));
    return { name: grammar.name, args: kept, comparer: comparerOf(grammar) };
  }
}

/** The bytes of a step. */
export function encodeStep({ commands }: Step): Buffer {
  return Buffer.concat(commands.map(encodeCommand));
}

/** A step in a line. */
export function showStep({ commands }: Step): string {
  return commands.map(showCommand).join(' | ');
}

function comparerOf({ name, tips }: CommandGrammar): Comparer {
  // Members that differ only behind a NUL are equal to `strcoll`: they come as the set has them.
  if (name === 'sort' || name === 'sort_ro') return unordered;
  if (LOOSE.has(name) || tips.has('nondeterministic_output')) return anyOfType;
  return tips.has('nondeterministic_output_order') ? unordered : exact;
}

/** The reply of EXEC: each item as its command demands. A refused command aborts all of it. */
function itemByItem(comparers: readonly Comparer[]): Comparer {
  return {
    name: 'item by item',
    equal(expected: Reply, actual: Reply): boolean {
      const items = itemsOf(actual);
      if (itemsOf(expected).length !== comparers.length) return exact.equal(expected, actual);
      return (
        items.length === comparers.length &&
        itemsOf(expected).every((item, i) => comparers[i].equal(item, items[i]))
      );
    },
  };
}
