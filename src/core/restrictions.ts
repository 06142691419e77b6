// What must be looked at before a request may run, as bits of three words: of the server, of the client, and of
// the command. Where all are 0, as nearly always, a request goes straight to its handler; otherwise admission
// (dispatch/admission.ts) asks for the facts themselves. Whoever owns a fact keeps its bit.

/** Of the server: something is so that may concern requests. */
export const MEMORY_LIMITED = 1 << 0;
/** The last snapshot failed, and writes are refused for that. */
export const SAVE_FAILED = 1 << 1;
/** The log cannot be written. */
export const LOG_FAILED = 1 << 2;
/** Data is being loaded. */
export const LOADING_DATA = 1 << 3;
/** Clients are suspended, some of them or all. */
export const PAUSED = 1 << 4;
/** Somebody tracks keys. */
export const TRACKING = 1 << 5;

/** Somebody gets a line for every command. */
export const MONITORED = 1 << 6;

/** Of a client: it has not authenticated. */
export const UNAUTHENTICATED = 1 << 8;
/** It is between MULTI and EXEC. */
export const IN_TRANSACTION = 1 << 9;
/** It is subscribed to something. */
export const SUBSCRIBED = 1 << 10;
/** It is a monitor. */
export const MONITORING = 1 << 11;
/** Not all replies are sent to it (CLIENT REPLY), or messages wait for their end. */
export const REPLIES_OFF = 1 << 12;

/** Of a command: it is run by its subcommands. */
export const HAS_SUBCOMMANDS = 1 << 16;
/** Not everybody may use it (`enable-protected-configs` and the like). */
export const PROTECTED_COMMAND = 1 << 17;

/** The bits of the server's state; see the head of this file. */
export class Restrictions {
  /** All of them. */
  bits = 0;

  /** Says whether a fact holds. */
  set(bit: number, holds: boolean): void {
    if (holds) this.bits |= bit;
    else this.bits &= ~bit;
  }
}
