// What commands change, in a form in which it can be repeated with the same outcome: the log takes it,
// and replicas will. Usually that is the request itself. A handler says otherwise where its request
// would do something else at another time or place: a relative expiry becomes an absolute one, a served
// BLPOP an LPOP.
import type { Database } from '../keyspace/database.ts';
import type { LargeArgument } from '../protocol/large-argument.ts';
import type { Request } from '../protocol/request.ts';

/** One argument of an effect. */
export type EffectArgument = string | Uint8Array | LargeArgument;

/** Takes the effects of commands; see the head of this file. */
export interface Effects {
  /** Whether anybody takes them. While not, telling of them is vain. */
  readonly active: boolean;
  /** Bytes of requests that a transaction may have, to be repeated as one; Infinity while nobody takes them. */
  readonly maxTransactionBytes: number;
  /** The command that runs has this effect, instead of its own request. */
  propagateAs(database: Database, ...args: EffectArgument[]): void;
  /** As `propagateAs`, for the request with other bytes in the place of argument i, 1 or above. */
  propagateWith(
    database: Database,
    request: Request,
    i: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): void;
  /** Whether effects are being repeated all or none: of a transaction, or of `beginTransaction`. */
  readonly isInTransaction: boolean;
  /** As `propagateAs`, for commands that are encoded already, one after another: bytes from 0 to `length`. */
  propagateEncoded(database: Database, bytes: Uint8Array, length: number): void;
  /** What the command that runs changes has no effect of its own: it is recorded in another way, or not at all. */
  suppress(): void;
  /** The effects of `record` are repeated all or none, with those of a transaction around them. */
  together(record: () => void): void;
  /** The effects until `endTransaction` are repeated all or none: those of a transaction. */
  beginTransaction(): void;
  endTransaction(): void;
}
