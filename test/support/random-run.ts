// Runs one random sequence on two servers and tells the first step at which they differ; and makes
// a differing sequence as short as it can get. A step is compared as its command demands: exactly,
// or as loosely as COMMAND INFO's tips say that the command's replies may vary.

import type { CommandGrammar } from './command-grammar.ts';
import { encodeCommand } from './command-line.ts';
import { anyOfType, approx, type Comparer, exact, unordered } from './comparers.ts';
import { EventRecorder } from './event-recorder.ts';
import { RawClient } from './raw-client.ts';
import { isError, itemsOf, type Reply, textOf } from './reply-frames.ts';

/** A generated command. */
export interface RandomStep {
  readonly grammar: CommandGrammar;
  readonly args: readonly string[];
}

/** What a sequence came to. */
export interface RunResult {
  /** Replies that were errors. */
  readonly errors: number;
  /** Key events that were told, if the servers are configured to tell any. */
  readonly events: number;
  readonly difference: RandomDifference | undefined;
}

export interface RandomDifference {
  /** Index of the step; the number of steps when the keys differ at the end. */
  readonly step: number;
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** Times that are far are rounded by up to two seconds besides (the difference far-expiry). */
const CLOCK_COMPARERS: Readonly<Record<string, Comparer>> = {
  ttl: approx(4),
  expiretime: approx(4),
  pttl: approx(4_000),
  pexpiretime: approx(4_000),
};

/** How the replies of a command are compared. */
export function comparerOf(grammar: CommandGrammar): Comparer {
  const own = CLOCK_COMPARERS[grammar.name];
  if (own !== undefined) return own;
  if (grammar.tips.has('nondeterministic_output')) return anyOfType;
  return grammar.tips.has('nondeterministic_output_order') ? unordered : exact;
}

/** Runs a sequence on both servers, from empty databases, in one pipeline each. */
export async function runSequence(
  ports: readonly [expected: number, actual: number],
  steps: readonly RandomStep[],
  protocol: 2 | 3,
): Promise<RunResult> {
  const clients = await Promise.all(ports.map((port) => RawClient.connect(port)));
  const recorders = await Promise.all(ports.map((port) => EventRecorder.start(port)));
  try {
    for (const client of clients) {
      await client.command('FLUSHALL');
      if (protocol === 3) await client.command('HELLO', '3');
    }
    const [expected, actual] = await Promise.all(
      clients.map((client) =>
        pipeline(
          client,
          steps.map(({ args }) => args),
        ),
      ),
    );
    const errors = expected.filter(isError).length;
    const [events, others] = await Promise.all(recorders.map((recorder) => recorder.take()));
    const difference =
      compareReplies(steps, expected, actual) ??
      compareEvents(events, others, steps.length) ??
      (await compareKeys(clients, steps.length));
    return { errors, events: events.length, difference };
  } finally {
    await Promise.all([...clients, ...recorders].map((client) => client.close()));
  }
}

async function pipeline(
  client: RawClient,
  commands: readonly (readonly string[])[],
): Promise<readonly Reply[]> {
  client.send(Buffer.concat(commands.map(encodeCommand)));
  const { replies, closed } = await client.read(commands.length);
  if (closed) throw new Error(`the server closed the connection after ${replies.length} replies`);
  return replies;
}

function compareReplies(
  steps: readonly RandomStep[],
  expected: readonly Reply[],
  actual: readonly Reply[],
): RandomDifference | undefined {
  /** How to compare the replies within the next EXEC's: one for each queued command. */
  let queued: Comparer[] = [];
  for (const [step, { grammar }] of steps.entries()) {
    const [left, right] = [expected[step], actual[step]];
    const comparer = comparerOf(grammar);
    const isExec = grammar.name === 'exec' && left.items !== null;
    const equal = isExec
      ? equalMembers(left, right, queued)
      : comparerFor(left, comparer).equal(left, right);
    if (!equal) {
      return { step, what: 'reply', expected: show(left), actual: show(right) };
    }
    if (textOf(left) === 'QUEUED') queued.push(comparer);
    else if (grammar.name === 'exec' || grammar.name === 'discard') queued = [];
  }
  return undefined;
}

function compareEvents(
  expected: readonly string[],
  actual: readonly string[],
  step: number,
): RandomDifference | undefined {
  const length = Math.max(expected.length, actual.length);
  for (let i = 0; i < length; i++) {
    if (expected[i] === actual[i]) continue;
    const [left, right] = [expected[i] ?? 'none', actual[i] ?? 'none'];
    return { step, what: `key event ${i + 1}`, expected: left, actual: right };
  }
  return undefined;
}

/** An error or a plain status is never loose. */
function comparerFor(reply: Reply, comparer: Comparer): Comparer {
  return isError(reply) || reply.type === '+' ? exact : comparer;
}

function equalMembers(left: Reply, right: Reply, comparers: readonly Comparer[]): boolean {
  const others = itemsOf(right);
  return (
    right.type === left.type &&
    others.length === itemsOf(left).length &&
    itemsOf(left).every((item, index) =>
      comparerFor(item, comparers[index] ?? exact).equal(item, others[index]),
    )
  );
}

/** How to read a whole value, by type. */
const READERS: Readonly<Record<string, (key: string) => string[]>> = {
  string: (key) => ['GET', key],
  list: (key) => ['LRANGE', key, '0', '-1'],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  hash: (key) => ['HGETALL', key],
  stream: (key) => ['XRANGE', key, '-', '+'],
};

/** Compares every key of every database: type, encoding, expiry and value. */
async function compareKeys(
  clients: readonly RawClient[],
  step: number,
): Promise<RandomDifference | undefined> {
  // A sequence may have ended inside a transaction, or in another protocol.
  for (const client of clients) await client.command('RESET');
  for (let database = 0; database < 16; database++) {
    const [expected, actual] = await Promise.all(
      clients.map((client) =>
        pipeline(client, [
          ['SELECT', String(database)],
          ['KEYS', '*'],
        ]),
      ),
    );
    const names = itemsOf(expected[1]).map(textOf).sort();
    const others = itemsOf(actual[1]).map(textOf).sort();
    if (names.join() !== others.join()) {
      return {
        step,
        what: `keys of database ${database}`,
        expected: names.join(' '),
        actual: others.join(' '),
      };
    }
    for (const key of names) {
      const difference = await compareKey(clients, key);
      if (difference !== undefined) return { step, ...difference };
    }
  }
  return undefined;
}

async function compareKey(
  clients: readonly RawClient[],
  key: string,
): Promise<Omit<RandomDifference, 'step'> | undefined> {
  const type = textOf(await clients[0].command('TYPE', key));
  const reader = READERS[type];
  if (reader === undefined) throw new Error(`no way to read a value of type ${type}`);
  const reads: readonly (readonly [string[], Comparer])[] = [
    [['TYPE', key], exact],
    [['OBJECT', 'ENCODING', key], exact],
    [['PTTL', key], approx(5_000)],
    [reader(key), ['set', 'hash'].includes(type) ? unordered : exact],
  ];
  const [expected, actual] = await Promise.all(
    clients.map((client) =>
      pipeline(
        client,
        reads.map(([args]) => args),
      ),
    ),
  );
  for (const [index, [args, comparer]] of reads.entries()) {
    if (comparer.equal(expected[index], actual[index])) continue;
    return { what: args.join(' '), expected: show(expected[index]), actual: show(actual[index]) };
  }
  return undefined;
}

/**
 * Makes a sequence shorter as long as it still fails: what follows the failing step first, then
 * ever smaller runs of steps.
 *
 * @param fails runs a sequence and tells whether it still fails.
 */
export async function shrink<T>(
  steps: readonly T[],
  fails: (candidate: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let best = steps;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = best.length - size; at >= 0; ) {
      const candidate = [...best.slice(0, at), ...best.slice(at + size)];
      if (candidate.length > 0 && (await fails(candidate))) best = candidate;
      at = Math.min(at - size, best.length - size);
    }
  }
  return best;
}

function show(reply: Reply): string {
  return JSON.stringify(reply.bytes.toString('latin1').slice(0, 600));
}
