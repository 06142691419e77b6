// What is in a server's databases, in a form that tells two servers apart: every key with the digest
// of its value and the time at which it expires.

import { encodeCommand, escapeBytes } from '../support/command-line.ts';
import type { RawClient } from '../support/raw-client.ts';
import { itemsOf, type Reply, textOf } from '../support/reply-frames.ts';
import { groupsText } from './stream-groups.ts';

/** Times from here on (2100) were given as such, and are kept exactly; earlier ones were relative. */
const ABSOLUTE_MS = 4_102_444_800_000;
/** So far apart, in time, may two servers have run the same command. */
const LAG_MS = 120_000;
/** So far apart may they round a time that a double does not hold (docs/compatibility.md, far-expiry). */
const FAR_MS = 1024;
const SHOWN_DIFFERENCES = 8;
const SHOWN_BEFORE = 60;
const SHOWN_OF_GROUPS = 200;

interface KeyState {
  readonly digest: string;
  /** Unix time in ms, or -1. */
  readonly expiresMs: number;
}

/** Keys of some databases, as "database:key". */
export type State = ReadonlyMap<string, KeyState>;

/**
 * Reads what is in these databases.
 * @param groups how much of streams' groups: 'most' leaves out what a log does not have of every command
 */
export async function stateOf(
  client: RawClient,
  databases: readonly number[],
  groups: 'all' | 'most' = 'all',
): Promise<State> {
  const names = await ask(
    client,
    databases.flatMap((database) => [
      ['SELECT', String(database)],
      ['KEYS', '*'],
    ]),
  );
  const keys = databases.map((_, i) => itemsOf(names[2 * i + 1]).map(({ payload }) => payload));
  const questions: (string | Buffer)[][] = [];
  databases.forEach((database, i) => {
    const present = keys[i].filter((key) => key !== null);
    questions.push(['SELECT', String(database)], ['DEBUG', 'DIGEST-VALUE', ...present]);
    for (const key of present) questions.push(['PEXPIRETIME', key], ['TYPE', key]);
  });
  const answers = await ask(client, questions);
  const state = new Map<string, KeyState>();
  const streams: StreamKey[] = [];
  let at = 0;
  databases.forEach((database, i) => {
    const digests = itemsOf(answers[at + 1]);
    at += 2;
    keys[i].forEach((key, j) => {
      const name = `${database}:${escapeBytes(key ?? Buffer.alloc(0))}`;
      const expiresMs = Number(textOf(answers[at++]));
      const keyState = { digest: textOf(digests[j]), expiresMs };
      state.set(name, keyState);
      if (textOf(answers[at++]) === 'stream' && key !== null) {
        streams.push({ database, key, state: keyState });
      }
    });
  });
  await addGroups(client, streams, groups === 'all');
  return state;
}

interface StreamKey {
  readonly database: number;
  readonly key: Buffer;
  readonly state: { digest: string };
}

/** The digest of a stream is that of its entries alone: adds its groups to it. */
async function addGroups(
  client: RawClient,
  streams: readonly StreamKey[],
  areCounted: boolean,
): Promise<void> {
  const answers = await ask(
    client,
    streams.flatMap(({ database, key }) => [
      ['SELECT', String(database)],
      ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'],
    ]),
  );
  for (const [i, { state }] of streams.entries()) {
    state.digest += groupsText(answers[2 * i + 1], areCounted);
  }
}

/** How the second state differs from the first, a line for each key; empty when it does not. */
export function differences(expected: State, actual: State): string[] {
  const lines: string[] = [];
  for (const [name, key] of expected) {
    const other = actual.get(name);
    if (other === undefined) lines.push(`${name} is missing`);
    else if (other.digest !== key.digest)
      lines.push(`${name} has another value${changeOf(key.digest, other.digest)}`);
    else if (!isSameTime(key.expiresMs, other.expiresMs)) {
      lines.push(`${name} expires at ${other.expiresMs}, not ${key.expiresMs}`);
    }
  }
  for (const name of actual.keys()) if (!expected.has(name)) lines.push(`${name} is there`);
  return lines;
}

/** From where on two digests of streams differ. */
function changeOf(expected: string, actual: string): string {
  let at = 0;
  while (at < expected.length && expected[at] === actual[at]) at++;
  if (!expected.includes(' ')) return '';
  const from = Math.max(0, at - SHOWN_BEFORE);
  return `: ${actual.slice(from, from + SHOWN_OF_GROUPS)}, not ${expected.slice(from, from + SHOWN_OF_GROUPS)}`;
}

/** The same in a few lines. */
export function showDifferences(expected: State, actual: State): string {
  const lines = differences(expected, actual);
  const more = lines.length > SHOWN_DIFFERENCES ? ` … (${lines.length})` : '';
  return lines.slice(0, SHOWN_DIFFERENCES).join('; ') + more;
}

/** Sends commands in one pipeline. */
export async function ask(
  client: RawClient,
  commands: readonly (readonly (string | Buffer)[])[],
): Promise<readonly Reply[]> {
  client.send(Buffer.concat(commands.map(encodeCommand)), `${commands.length} questions`);
  const { replies } = await client.read(commands.length);
  if (replies.length < commands.length) throw new Error('the server closed the connection');
  return replies;
}

function isSameTime(expectedMs: number, actualMs: number): boolean {
  if (expectedMs > Number.MAX_SAFE_INTEGER) return Math.abs(expectedMs - actualMs) <= FAR_MS;
  if (expectedMs < 0 || actualMs < 0 || expectedMs >= ABSOLUTE_MS) return expectedMs === actualMs;
  return Math.abs(expectedMs - actualMs) <= LAG_MS;
}
