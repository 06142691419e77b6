// What a command needs of the server's state when it is to run. EXEC needs what all the commands that
// it runs need together.
import type { Client } from '../core/client.ts';
import type { Command } from '../core/command.ts';
import { DENYOOM, LOADING, WRITE } from '../core/flags.ts';
import type { Request } from '../protocol/request.ts';

/** Whether the client may use a command with the flag PROTECTED; the error's text if not. */
export type ProtectedCheck = (client: Client, command: Command) => string | undefined;

/** The memory limit as dispatch needs it. */
export interface MemoryGuard {
  /** Whether there is a limit at all. */
  limited: boolean;
  /** Tries to get below the limit; false when the data still exceeds it and nothing can go. */
  makeRoom(): boolean;
}

/** Commands that a transaction does not queue but runs at once. */
export const RUN_IN_TRANSACTION: ReadonlySet<string> = new Set([
  'exec',
  'discard',
  'multi',
  'watch',
  'quit',
  'reset',
]);

/** Those of them that end the transaction. */
const ENDS_TRANSACTION: ReadonlySet<string> = new Set(['exec', 'discard', 'quit', 'reset']);

/** Whether a request has fewer or more arguments than its command takes. */
export function hasWrongArity({ arity }: Command, { count }: Request): boolean {
  return arity > 0 ? count !== arity : count < -arity;
}

/** The command's flags; with EXEC those of all commands that it runs. */
export function allFlags(client: Client, command: Command): number {
  const { transaction } = client;
  if (transaction === undefined || command.fullName !== 'exec') return command.flags;
  return command.flags | transaction.flags;
}

/** Whether the command is refused while the data cannot be saved: PING, too, as by Redis. */
export function changesData(client: Client, command: Command): boolean {
  return (allFlags(client, command) & WRITE) !== 0 || command.fullName === 'ping';
}

/** Whether the command, and with EXEC all those that it runs, may run while data is loaded. */
export function runsWhileLoading({ transaction }: Client, command: Command): boolean {
  if ((command.flags & LOADING) === 0) return false;
  if (transaction === undefined || command.fullName !== 'exec') return true;
  return (transaction.commonFlags & LOADING) !== 0;
}

/** Whether the command is refused while the data exceeds `maxmemory`. */
export function needsMemory(client: Client, command: Command): boolean {
  if ((allFlags(client, command) & DENYOOM) !== 0) return true;
  // Queueing takes memory too. So it is said of all that do not end the transaction, as by Redis.
  return client.transaction !== undefined && !ENDS_TRANSACTION.has(command.fullName);
}
