// How long the string of a key may become.
import { MAX_STRING_BYTES } from '../types/string/values.ts';
import type { Call } from './call.ts';

/**
 * Bytes of the longest string that the command may make. What is in a log was accepted under another limit, and
 * must be run all the same, or data would be missing.
 */
export function longestString({ client, server }: Call): number {
  if (client.deniesBlocking) return MAX_STRING_BYTES;
  return Math.min(server.config.values['proto-max-bulk-len'], MAX_STRING_BYTES);
}
