// The checks that a request passes before it may run, in Redis's order (processCommand). Dispatch asks only where
// a bit says that one of them may refuse it (core/restrictions.ts): here the facts themselves decide.
//
//   guarded ─▶ authenticated ─▶ allowed in MULTI ─▶ memory ─▶ saved, logged ─▶ subscriber ─▶ loaded ─▶ monitor
import { needsPassword } from '../core/authentication.ts';
import type { Client } from '../core/client.ts';
import { type ClientPause, PAUSE_ALL, PAUSE_NONE } from '../core/client-pause.ts';
import type { Command } from '../core/command.ts';
import {
  AUTHENTICATION_REQUIRED,
  LOADING_DATA,
  notWhileSubscribed,
  OUT_OF_MEMORY,
  SNAPSHOT_FAILED,
} from '../core/errors.ts';
import {
  MAY_REPLICATE,
  NO_AUTH,
  NO_MULTI,
  NOT_IN_MULTI,
  PAUSES,
  PROTECTED,
  READONLY,
  SUBSCRIBER,
  WRITE,
} from '../core/flags.ts';
import { LOG_FAILED } from '../core/restrictions.ts';
import type { Services } from '../core/services.ts';
import {
  allFlags,
  changesData,
  type MemoryGuard,
  needsMemory,
  type ProtectedCheck,
  runsWhileLoading,
} from './requirements.ts';

/** What a monitor must not use: Redis takes it for a kind of replica. */
const TOUCHES_KEYS = WRITE | READONLY | MAY_REPLICATE;

/** See the head of this file. */
export class Admission {
  readonly #server: Services;
  readonly #pause: ClientPause;
  readonly #memory: MemoryGuard;
  readonly #isProtected: ProtectedCheck;
  #logFailure: string | undefined;

  constructor(server: Services, memory: MemoryGuard, isProtected: ProtectedCheck) {
    this.#server = server;
    this.#pause = server.pause;
    this.#memory = memory;
    this.#isProtected = isProtected;
  }

  /** Why the log cannot be written, so that writes are refused; undefined while it can. */
  get logFailure(): string | undefined {
    return this.#logFailure;
  }

  set logFailure(reason: string | undefined) {
    this.#logFailure = reason;
    this.#server.restrictions.set(LOG_FAILED, reason !== undefined);
  }

  /**
   * Why the client may not run the command now: the error's text; undefined when it may.
   * Makes room where the data exceeds its limit.
   */
  refusal(client: Client, command: Command): string | undefined {
    const { flags } = command;
    const { loading, snapshots, tracking } = this.#server;
    if ((flags & PROTECTED) !== 0) {
      const error = this.#isProtected(client, command);
      if (error !== undefined) return error;
    }
    // Once there is no password any more, those who never gave it may go on too.
    if (!client.authenticated && (flags & NO_AUTH) === 0 && needsPassword(this.#server)) {
      return AUTHENTICATION_REQUIRED;
    }
    if (client.transaction !== undefined && (flags & (NO_MULTI | NOT_IN_MULTI)) !== 0) {
      return 'ERR Command not allowed inside a transaction';
    }
    if (this.#memory.limited) {
      const hasRoom = this.#memory.makeRoom();
      // What was evicted is told before what the command answers.
      tracking.sendWithheld();
      if (!hasRoom && needsMemory(client, command)) return OUT_OF_MEMORY;
    }
    if (snapshots.refusesWrites && changesData(client, command)) return SNAPSHOT_FAILED;
    if (this.#logFailure !== undefined && changesData(client, command)) {
      return `MISCONF Errors writing to the AOF file: ${this.#logFailure}`;
    }
    if (client.subscriptions !== undefined && client.protocol === 2 && (flags & SUBSCRIBER) === 0) {
      return notWhileSubscribed(command.fullName);
    }
    if (loading.isActive && !runsWhileLoading(client, command)) return LOADING_DATA;
    if (client.monitor && (allFlags(client, command) & TOUCHES_KEYS) !== 0) {
      return "ERR Replica can't interact with the keyspace";
    }
    return undefined;
  }

  /** Whether the command must wait until a pause is over. */
  mustWait(client: Client, command: Command): boolean {
    const { mode, isSuspendingWrites } = this.#pause;
    if (mode === PAUSE_NONE) return false;
    if (mode === PAUSE_ALL) return true;
    const waiting = isSuspendingWrites ? WRITE | MAY_REPLICATE | PAUSES : WRITE | MAY_REPLICATE;
    return (allFlags(client, command) & waiting) !== 0;
  }
}
