// The effects of commands that set when a key expires: an absolute time, which is the same whenever the
// effect is repeated.
import type { Call } from './call.ts';

/** The effect of setting the expiry of the key of argument 1. */
export function recordExpiry({ request, db, server }: Call, expiryMs: number): void {
  const { effects } = server;
  if (effects.active) effects.propagateAs(db, 'PEXPIREAT', request.bytes(1), String(expiryMs));
}

/** The effect of an expiry that is over already: the key of argument 1 is gone. */
export function recordDeletion({ request, db, server }: Call): void {
  const { effects } = server;
  if (effects.active) effects.propagateAs(db, 'DEL', request.bytes(1));
}
