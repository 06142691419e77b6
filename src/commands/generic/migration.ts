// The exchange of a MIGRATE with the target server, in Redis's order: all commands are sent at once, AUTH and SELECT
// first if they are needed, and the replies are read line by line.
//
//   ─▶ AUTH …  SELECT …  RESTORE key 1  RESTORE key 2 …
//   ◀─ +OK     +OK       +OK            -BUSYKEY …         key 1 was taken, key 2 was not
//
// If there was no reply at all, it is tried once more, as the server may have closed a cached connection. After the
// first reply to a key nothing is sent again.

import { type Remote, RemoteError, type Remotes } from '../../core/remotes.ts';
import { commandPieces } from '../../protocol/command.ts';

const CONNECTING_FAILED = 'IOERR error or timeout connecting to the client';
const PLUS = '+';

/** What is to be sent, and where. */
export interface Migration {
  readonly host: string;
  readonly port: string;
  /** Arguments of AUTH; none where nothing has to be authenticated. */
  readonly credentials: readonly string[];
  /** In decimal. */
  readonly database: string;
  /** The RESTORE of each key. */
  readonly restores: readonly (readonly Uint8Array[])[];
  /** How long each step may take: connecting, sending 64 KiB, a reply. */
  readonly timeoutMs: number;
}

/** How it ended. */
export interface MigrationOutcome {
  /** For each key whether the server has it now. */
  readonly taken: readonly boolean[];
  /** The error reply's text, if all did not go well. */
  readonly error: string | undefined;
}

/** How one attempt ended. */
interface Attempt extends MigrationOutcome {
  readonly mayRetry: boolean;
}

/** Sends the keys. Does not reject but for a defect. */
export async function migrate(remotes: Remotes, migration: Migration): Promise<MigrationOutcome> {
  const first = await attempt(remotes, migration);
  return first.mayRetry ? attempt(remotes, migration) : first;
}

async function attempt(remotes: Remotes, migration: Migration): Promise<Attempt> {
  let remote: Remote;
  try {
    remote = await remotes.connect(migration.host, migration.port, migration.timeoutMs);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    // Redis notices it when it writes.
    if (error.failure === 'refused') return judge([], [], { step: 'writing', isTimeout: false });
    return { taken: [], error: CONNECTING_FAILED, mayRetry: false };
  }
  const preamble = preambleOf(remote, migration);
  const count = preamble.length + migration.restores.length;
  const { lines, failure } = await exchange(remote, migration, preamble, count);
  const outcome = judge(lines.slice(0, preamble.length), lines.slice(preamble.length), failure);
  // After an error it is unknown which database is selected.
  remote.database = outcome.error === undefined ? migration.database : undefined;
  if (failure === undefined) remote.release();
  return outcome;
}

/** The commands that must precede the keys. */
function preambleOf(remote: Remote, { credentials, database }: Migration): Uint8Array[][] {
  const preamble: Uint8Array[][] = [];
  if (credentials.length > 0) preamble.push(commandPieces(['AUTH', ...credentials]));
  if (remote.database !== database) preamble.push(commandPieces(['SELECT', database]));
  return preamble;
}

/** The replies, and the error if there was one. */
interface Exchanged {
  readonly lines: readonly string[];
  readonly failure: { readonly step: string; readonly isTimeout: boolean } | undefined;
}

async function exchange(
  remote: Remote,
  { restores, timeoutMs }: Migration,
  preamble: readonly Uint8Array[][],
  count: number,
): Promise<Exchanged> {
  const lines: string[] = [];
  let step = 'writing';
  try {
    await remote.write(Buffer.concat([...preamble.flat(), ...restores.flat()]), timeoutMs);
    step = 'reading';
    while (lines.length < count) lines.push(await remote.readLine(timeoutMs));
    return { lines, failure: undefined };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    await readArrived(remote, lines, count);
    return { lines, failure: { step, isTimeout: error.failure === 'timeout' } };
  }
}

/** The lines that arrived before the connection failed: the target already has the keys that they confirm. */
async function readArrived(remote: Remote, lines: string[], count: number): Promise<void> {
  try {
    while (lines.length < count) lines.push(await remote.readLine(0));
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
  }
}

/** Interprets the replies. */
function judge(
  toPreamble: readonly string[],
  toKeys: readonly string[],
  failure: Exchanged['failure'],
): Attempt {
  const refusal = toPreamble.find(isRefusal);
  const taken = toKeys.map((line) => refusal === undefined && !isRefusal(line));
  const refused = toKeys.length > 0 ? (refusal ?? toKeys.find(isRefusal)) : undefined;
  if (refused !== undefined) {
    const error = `ERR Target instance replied with error: ${refused.replace(/^-/, '')}`;
    return { taken, error, mayRetry: false };
  }
  if (failure === undefined) return { taken, error: undefined, mayRetry: false };
  const error = `IOERR error or timeout ${failure.step} to target instance`;
  return { taken, error, mayRetry: toKeys.length === 0 && !failure.isTimeout };
}

/** Any reply other than success means that the server does not have the key. */
function isRefusal(line: string): boolean {
  return !line.startsWith(PLUS);
}
