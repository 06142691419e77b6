// The language of the comparison scripts. A script is a list of text and steps; each line of text
// is one command, in redis-cli's quoting, sent on connection `a` or on the one named in front:
//
//     SET k "\x00"          # from a " # " on, a line is a comment
//     b> GET k
//
// What a connection gets without having asked is waited for where the script says so:
//
//     framed('sub> SUBSCRIBE x y', 2),       # one line, answered by two frames
//     'pub> PUBLISH x hello',
//     hears('sub'),                          # the message
//
// In RESP2 a message is like any reply; in RESP3 it is a push, which plain lines do not count (one
// that arrives before their reply is compared with it, in its place). `framed` and `hears` count
// both alike, so that a script is the same in both protocols; `hearsUntil` takes all up to one that
// has a text in it, however many that are. A connection that got more than the
// script waited for is found at the script's end.
//
// A line that blocks its connection is given to `send`, `blocked` waits until it does, and `receive`
// for its reply.
//
// Use String.raw for scripts with escapes. A line's reply must equal Redis's to the byte; the
// step functions below are for everything else. `$name` in an argument stands for what `capture`
// kept under that name, which may be different bytes on each server (a client's id, a port).

import { encodeCommand, escapeBytes, showCommand, splitLine, toBytes } from './command-line.ts';
import { type Comparer, exact } from './comparers.ts';

/** What was captured on one server, by name. */
export type Captured = ReadonlyMap<string, Buffer>;

/** One thing done to both servers, and how what they answer is compared. */
export interface Step {
  readonly connection: string;
  /** What is done, readable. */
  readonly label: string;
  /** The command's name in lower case; '' for steps that send no single command. */
  readonly command: string;
  /** The bytes to send; undefined to send nothing. */
  readonly bytes: ((captured: Captured) => Buffer) | undefined;
  /**
   * How many replies to wait for then; `close`: all bytes until the server hangs up; `hang up`:
   * none, the client ends the connection.
   */
  readonly replies: number | 'close' | 'hang up';
  /** Whether pushes count as replies. */
  readonly countPushes?: boolean;
  /** Read frames until one contains these bytes, instead of a number of them. */
  readonly readUntil?: Buffer;
  readonly comparer: Comparer;
  /** Keep the reply, or the first group that the pattern finds in it, under a name. */
  readonly capture?: { readonly name: string; readonly pattern: RegExp | undefined };
  /** The name of an intended difference, and what Synap's first reply is instead of Redis's. */
  readonly intended?: { readonly difference: string; readonly synap: RegExp };
  /** Send the bytes again until the reply has this pattern; then nothing else is compared. */
  readonly until?: RegExp;
  /** Wait this long before anything else. */
  readonly pauseMs?: number;
}

export type Script = readonly (string | Step | readonly Step[])[];

/** The steps of a script, its lines of text turned into steps. */
export function stepsOf(script: Script): Step[] {
  return script.flatMap((entry) => (typeof entry === 'string' ? linesOf(entry) : entry));
}

function linesOf(text: string): Step[] {
  const steps: Step[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.replace(/(^|\s)# .*$/, '').trim();
    if (line !== '') steps.push(lineStep(line));
  }
  return steps;
}

function lineStep(line: string): Step {
  const [prefix = '', connection = 'a'] = /^(\w+)> ?/.exec(line) ?? [];
  return argsStep(connection, splitLine(line.slice(prefix.length)));
}

function argsStep(connection: string, args: readonly (string | Buffer)[]): Step {
  const bytes = args.map(toBytes);
  return {
    connection,
    label: showCommand(bytes),
    command: bytes.length === 0 ? '' : bytes[0].toString('latin1').toLowerCase(),
    bytes: (captured) => encodeCommand(bytes.map((arg) => substitute(arg, captured))),
    replies: 1,
    comparer: exact,
  };
}

function substitute(arg: Buffer, captured: Captured): Buffer {
  if (captured.size === 0 || !arg.includes('$')) return arg;
  const text = arg
    .toString('latin1')
    .replace(/\$(\w+)/g, (whole, name) => captured.get(name)?.toString('latin1') ?? whole);
  return Buffer.from(text, 'latin1');
}

/** A command given as arguments, for bytes that are awkward as text or many. */
export function command(...args: (string | Buffer)[]): Step {
  return argsStep('a', args);
}

/** The same step on another connection. */
export function on(connection: string, step: Step): Step {
  return { ...step, connection };
}

/** Lines whose replies are compared loosely; see comparers.ts. */
export function compared(comparer: Comparer, lines: string | Step): Step[] {
  return stepsOf([lines]).map((step) => ({ ...step, comparer }));
}

/** Sends bytes as they are on connection `a` and compares that many replies. */
export function raw(bytes: string | Buffer, replies: number | 'close' = 1): Step {
  const sent = toBytes(bytes);
  return {
    connection: 'a',
    label: `bytes ${escapeBytes(sent.subarray(0, 200))}${sent.length > 200 ? `…(${sent.length} bytes)` : ''}`,
    command: '',
    bytes: () => sent,
    replies,
    comparer: exact,
  };
}

/** Sends a line and expects the server to hang up, whatever it answers before. */
export function closes(line: string): Step {
  return { ...lineStep(line), replies: 'close' };
}

/** Sends a line and goes on at once; `receive` reads its reply later. */
export function send(line: string): Step {
  return { ...lineStep(line), replies: 0 };
}

/** Waits for replies to what was sent before on a connection. */
export function receive(
  connection: string,
  replies: number | 'close' = 1,
  comparer: Comparer = exact,
): Step {
  return {
    connection,
    label: `(${connection} receives)`,
    command: '',
    bytes: undefined,
    replies,
    comparer,
  };
}

/** Sends a line and waits for so many frames, replies and pushes alike. */
export function framed(line: string, frames: number, comparer: Comparer = exact): Step {
  return { ...lineStep(line), replies: frames, countPushes: true, comparer };
}

/** Waits for frames that a connection gets without asking now: messages, replies to `send`. */
export function hears(connection: string, frames = 1, comparer: Comparer = exact): Step {
  return {
    ...receive(connection, frames, comparer),
    label: `(${connection} hears ${frames})`,
    countPushes: true,
  };
}

/** Waits for frames, as `hears`, up to the first one that contains the text. */
export function hearsUntil(connection: string, text: string): Step {
  const readUntil = Buffer.from(text, 'latin1');
  return { ...hears(connection), label: `(${connection} hears until "${text}")`, readUntil };
}

/** Ends a connection from the client's side, whatever it was in the middle of. */
export function hangUp(connection: string): Step {
  return { ...receive(connection, 0), label: '(the client hangs up)', replies: 'hang up' };
}

/** Keeps a line's reply, or the pattern's first group in it, as `$name`; the reply may differ. */
export function capture(name: string, line: string, pattern?: RegExp): Step {
  const anything: Comparer = { name: 'captured', equal: () => true };
  return { ...lineStep(line), comparer: anything, capture: { name, pattern } };
}

/** Sends a line again and again until its reply has the pattern, which both servers must reach. */
export function awaits(line: string, until: RegExp): Step {
  const reached: Comparer = { name: 'reached', equal: () => true };
  return { ...lineStep(line), label: `(${line} until ${until})`, comparer: reached, until };
}

/** Waits until so many clients are blocked. What a server was asked before it has done by then. */
export function blocked(clients: number): Step {
  return awaits('observer> INFO clients', new RegExp(`^blocked_clients:${clients}\r`, 'm'));
}

/** A line that Synap answers in its own way, on purpose: `difference` names the reason. */
export function intended(difference: string, synap: RegExp, line: string): Step {
  return { ...lineStep(line), intended: { difference, synap } };
}

/** Lets time pass, for what can not be observed otherwise (an expiry). */
export function sleep(pauseMs: number): Step {
  return { ...receive('a', 0), label: `(${pauseMs} ms pass)`, pauseMs };
}
