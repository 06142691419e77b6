// Runs one script on two servers, step by step on both at once, and reports each step whose
// replies are not equal. The servers are left as they were found: no keys, no changed directives,
// no pause, and none of the script's connections.

import { differenceNames } from '../compatibility/differences.ts';
import { escapeBytes } from './command-line.ts';
import { RawClient } from './raw-client.ts';
import { isError, itemsOf, type Reply, textOf } from './reply-frames.ts';
import { type Script, type Step, stepsOf } from './script.ts';

/** The protocol that a script's connections speak: RESP2, or RESP3 after HELLO 3. */
export type Protocol = 2 | 3;

/** A step whose outcomes differ. */
export interface Difference {
  /** Counted from 1. */
  readonly step: number;
  readonly label: string;
  readonly comparer: string;
  readonly expected: string;
  readonly actual: string;
}

interface Outcome {
  readonly replies: readonly Reply[];
  /** What came before the end of the connection, for steps that wait for it. */
  readonly rest: Buffer;
  readonly closed: boolean;
  /** Why the step could not be done: no reply in time, no reply of the protocol. */
  readonly failure: string | undefined;
}

const SHOWN_BYTES = 1_500;
/** How long a step is repeated. */
const REPEAT_MS = 4_000;

/** One of the two servers, with the connections that the running script has opened to it. */
export class Side {
  readonly #name: string;
  readonly #port: number;
  readonly #timeoutMs: number | undefined;
  #control: RawClient;
  #initialConfig: Map<string, string> | undefined;
  #connections = new Map<string, RawClient>();
  #captured = new Map<string, Buffer>();

  private constructor(
    name: string,
    port: number,
    timeoutMs: number | undefined,
    control: RawClient,
  ) {
    this.#name = name;
    this.#port = port;
    this.#timeoutMs = timeoutMs;
    this.#control = control;
  }

  /**
   * Connects to a server on 127.0.0.1.
   *
   * @param name for messages.
   * @param timeoutMs how long a step may wait for replies; RawClient's own by default.
   */
  static async connect(name: string, port: number, timeoutMs?: number): Promise<Side> {
    return new Side(name, port, timeoutMs, await RawClient.connect(port));
  }

  get name(): string {
    return this.#name;
  }

  /** Does one step; never throws for what the server did. */
  async perform(step: Step, protocol: Protocol): Promise<Outcome> {
    try {
      const client = await this.#connection(step.connection, protocol);
      const bytes = step.bytes?.(this.#captured);
      if (step.until !== undefined) return await repeat(client, step, step.until, bytes);
      if (bytes !== undefined) client.send(bytes, step.label);
      if (step.replies === 'close') {
        const rest = await client.readUntilClose();
        return { replies: [], rest, closed: true, failure: undefined };
      }
      if (step.replies === 'hang up') {
        await client.close();
        return { replies: [], rest: Buffer.alloc(0), closed: true, failure: undefined };
      }
      const { replies, closed } =
        step.readUntil === undefined
          ? await client.read(step.replies, step.countPushes)
          : await client.readUntil(step.readUntil);
      this.#capture(step, replies);
      return { replies, rest: Buffer.alloc(0), closed, failure: undefined };
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      return { replies: [], rest: Buffer.alloc(0), closed: false, failure };
    }
  }

  /** Asks each open connection for an echo: a reply too many or too few shows as another reply. */
  barriers(): Step[] {
    const open = [...this.#connections].filter(([, client]) => !client.closed);
    return open.flatMap(([connection]) => {
      const [step] = stepsOf([`${connection}> ECHO "end of the script"`]);
      return [{ ...step, label: `(nothing else was sent to ${connection})` }];
    });
  }

  /** Reads the directives, so that `reset` can bring them back. */
  async rememberConfig(): Promise<void> {
    this.#initialConfig ??= await this.#readConfig();
  }

  /** Closes the script's connections and undoes what the script did to the server. */
  async reset(usedCommands: ReadonlySet<string>): Promise<void> {
    await Promise.all([...this.#connections.values()].map((client) => client.close()));
    this.#connections = new Map();
    this.#captured = new Map();
    // A script may have closed it, with CLIENT KILL for one.
    if (this.#control.closed) this.#control = await RawClient.connect(this.#port);
    if (usedCommands.has('client')) await this.#control.command('CLIENT', 'UNPAUSE');
    if (usedCommands.has('config')) await this.#restoreConfig();
    const reply = await this.#control.command('FLUSHALL');
    if (isError(reply)) throw new Error(`${this.#name}: FLUSHALL answered ${textOf(reply)}`);
  }

  /** Closes everything. */
  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((client) => client.close()));
    await this.#control.close();
  }

  async #connection(name: string, protocol: Protocol): Promise<RawClient> {
    const known = this.#connections.get(name);
    if (known !== undefined) return known;
    const client = await RawClient.connect(this.#port, this.#timeoutMs);
    this.#connections.set(name, client);
    if (protocol === 3) {
      const reply = await client.command('HELLO', '3');
      if (isError(reply)) throw new Error(`HELLO 3 answered ${textOf(reply)}`);
    }
    return client;
  }

  #capture(step: Step, replies: readonly Reply[]): void {
    if (step.capture === undefined) return;
    const text = replies.length === 0 ? '' : textOf(replies[0]);
    const { name, pattern } = step.capture;
    const found = pattern === undefined ? text : pattern.exec(text)?.[1];
    if (found === undefined) throw new Error(`${pattern} is not in the reply: ${text}`);
    this.#captured.set(name, Buffer.from(found, 'latin1'));
  }

  async #readConfig(): Promise<Map<string, string>> {
    const reply = await this.#control.command('CONFIG', 'GET', '*');
    // All at once: looking each of 200 names up in the reply takes longer than most scripts.
    const texts = itemsOf(reply).map(textOf);
    return new Map(
      texts.flatMap((text, index): [string, string][] =>
        index % 2 === 0 ? [[text, texts[index + 1] ?? '']] : [],
      ),
    );
  }

  async #restoreConfig(): Promise<void> {
    const now = await this.#readConfig();
    const changed = [...(this.#initialConfig ?? [])].filter(
      ([name, value]) => now.get(name) !== value,
    );
    if (changed.length === 0) return;
    for (const [name, value] of changed) await this.#control.command('CONFIG', 'SET', name, value);
    const after = await this.#readConfig();
    for (const [name, value] of this.#initialConfig ?? []) {
      if (after.get(name) !== value) {
        throw new Error(`${this.#name}: the directive ${name} could not be set back to "${value}"`);
      }
    }
  }
}

/**
 * Runs a script on both servers.
 *
 * @param expected the oracle; a step that it can not do is an error of the script and throws.
 * @param intendedApply whether steps with an intended difference hold `actual` to it (not when
 *   the actual server is Redis too).
 * @returns the steps that differ; nothing more is run after one that leaves the servers in
 *   different places (no reply, a connection closed on one side only).
 */
export async function compareScript(
  expected: Side,
  actual: Side,
  script: Script,
  protocol: Protocol,
  intendedApply = true,
): Promise<Difference[]> {
  const steps = stepsOf(script);
  const usedCommands = new Set(steps.map((step) => step.command));
  if (usedCommands.has('config')) {
    await Promise.all([expected.rememberConfig(), actual.rememberConfig()]);
  }
  const run: Run = { expected, actual, protocol, intendedApply, differences: [], step: 0 };
  try {
    const comparable = await compareSteps(run, steps);
    if (comparable) await compareSteps(run, expected.barriers());
  } finally {
    await Promise.all([expected.reset(usedCommands), actual.reset(usedCommands)]);
  }
  return run.differences;
}

/** Sends bytes until the reply has the pattern. */
async function repeat(
  client: RawClient,
  step: Step,
  until: RegExp,
  bytes: Buffer = Buffer.alloc(0),
): Promise<Outcome> {
  const deadlineMs = Date.now() + REPEAT_MS;
  for (;;) {
    client.send(bytes, step.label);
    const { replies, closed } = await client.read(1);
    const text = replies.length === 0 ? '' : textOf(replies[0]);
    const failure = closed || Date.now() > deadlineMs ? `never reached; last: ${text}` : undefined;
    if (failure !== undefined || until.test(text)) {
      return { replies, rest: Buffer.alloc(0), closed, failure };
    }
  }
}

interface Run {
  readonly expected: Side;
  readonly actual: Side;
  readonly protocol: Protocol;
  readonly intendedApply: boolean;
  readonly differences: Difference[];
  /** Steps done so far. */
  step: number;
}

/** Returns false once the two servers are in different places and going on tells nothing. */
async function compareSteps(run: Run, steps: readonly Step[]): Promise<boolean> {
  for (const step of steps) {
    run.step++;
    if (step.pauseMs !== undefined) await pause(step.pauseMs);
    const [left, right] = await Promise.all([
      run.expected.perform(step, run.protocol),
      run.actual.perform(step, run.protocol),
    ]);
    const label = step.connection === 'a' ? step.label : `${step.connection}> ${step.label}`;
    if (left.failure !== undefined) {
      throw new Error(`step ${run.step}, ${label}: ${run.expected.name} itself: ${left.failure}`);
    }
    if (equalOutcomes(step, left, right, run.intendedApply)) continue;
    run.differences.push({
      step: run.step,
      label,
      comparer: step.comparer.name,
      expected: showOutcome(left),
      actual: showOutcome(right),
    });
    if (right.failure !== undefined || left.closed !== right.closed) return false;
  }
  return true;
}

function equalOutcomes(step: Step, left: Outcome, right: Outcome, intendedApply: boolean): boolean {
  if (right.failure !== undefined || left.closed !== right.closed) return false;
  if (left.replies.length !== right.replies.length || !left.rest.equals(right.rest)) return false;
  if (step.intended !== undefined) {
    if (!differenceNames.has(step.intended.difference)) {
      throw new Error(`no intended difference is called ${step.intended.difference}`);
    }
    const text = right.replies[0]?.bytes.toString('latin1') ?? '';
    return !intendedApply || step.intended.synap.test(text);
  }
  return left.replies.every((reply, index) => step.comparer.equal(reply, right.replies[index]));
}

function showOutcome(outcome: Outcome): string {
  if (outcome.failure !== undefined) return outcome.failure;
  const bytes = Buffer.concat([...outcome.replies.map((reply) => reply.bytes), outcome.rest]);
  const shown = escapeBytes(bytes.subarray(0, SHOWN_BYTES));
  const cut = bytes.length > SHOWN_BYTES ? `…(${bytes.length} bytes)` : '';
  return `${shown}${cut}${outcome.closed ? ' (and closed the connection)' : ''}`;
}

/** The message of a failed comparison: each difference, the first one first. */
export function report(
  differences: readonly Difference[],
  names: readonly [string, string],
): string {
  const width = Math.max(names[0].length, names[1].length);
  return differences
    .map(({ step, label, comparer, expected, actual }) =>
      [
        `step ${step}: ${label}${comparer === 'exact' ? '' : `   [${comparer}]`}`,
        `  ${names[0].padEnd(width)}  ${expected}`,
        `  ${names[1].padEnd(width)}  ${actual}`,
      ].join('\n'),
    )
    .join('\n');
}

function pause(pauseMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
}
