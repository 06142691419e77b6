// The fields that a command names at its end: FIELDS numfields field [field …], as the commands of Redis 7.4 and 8.0 do.
import type { Call } from '../../core/call.ts';

const MISSING_FIELDS = 'ERR Mandatory argument FIELDS is missing or not at the right position';
const COUNT_MISMATCH = 'ERR The `numfields` parameter must match the number of arguments';
export const FIELDS_NOT_POSITIVE = 'ERR Number of fields must be a positive integer';

/**
 * Checks that argument i begins the list of fields, which are the arguments from i + 2 on.
 * @param notPositive the error for a number of fields that is none
 * @returns whether it does; otherwise an error was answered
 */
export function readFieldList(
  { request, reply }: Call,
  i: number,
  notPositive = FIELDS_NOT_POSITIVE,
): boolean {
  const count = request.integer(i + 1);
  let problem: string | undefined;
  if (!request.is(i, 'fields')) problem = MISSING_FIELDS;
  else if (!(count >= 1)) problem = notPositive;
  else if (count !== request.count - i - 2) problem = COUNT_MISMATCH;
  if (problem === undefined) return true;
  reply.error(problem);
  return false;
}
