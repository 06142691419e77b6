// The version of Redis that Synap presents itself as, and what tells builds of Synap apart.
import { createHash } from 'node:crypto';

/**
 * What HELLO and INFO's `redis_version` report. Clients compare it to decide which commands they may
 * send, and Synap has those that came with 7.2 (CLIENT SETINFO, CLIENT NO-TOUCH …); its own version
 * is INFO's `synap_version`.
 */
export const REDIS_VERSION = '7.2.5';

const BUILD_ID_DIGITS = 16;

/** INFO's `redis_build_id`: hexadecimal digits that are others in each version of Synap. */
export function buildId(version: string): string {
  const digest = createHash('sha1').update(`synap ${version}`).digest('hex');
  return digest.slice(0, BUILD_ID_DIGITS);
}
