// The version of Redis that Synap presents itself as.

/**
 * What HELLO and INFO's `redis_version` tell. Clients compare it to decide which commands they may
 * send, and Synap has those that came with 7.2 (CLIENT SETINFO, CLIENT NO-TOUCH …); its own version
 * is INFO's `synap_version`.
 */
export const REDIS_VERSION = '7.2.5';
