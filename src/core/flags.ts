// The flags of a command row, as bits, and the names that COMMAND shows.

export const WRITE = 1 << 0;
export const READONLY = 1 << 1;
export const DENYOOM = 1 << 2;
export const ADMIN = 1 << 3;
export const PUBSUB = 1 << 4;
export const NOSCRIPT = 1 << 5;
export const BLOCKING = 1 << 6;
export const LOADING = 1 << 7;
export const STALE = 1 << 8;
export const SKIP_MONITOR = 1 << 9;
export const SKIP_SLOWLOG = 1 << 10;
export const ASKING = 1 << 11;
export const FAST = 1 << 12;
export const NO_AUTH = 1 << 13;
/** Waits for CLIENT PAUSE WRITE as writes do; Redis 7.0 does not show it in COMMAND. */
export const MAY_REPLICATE = 1 << 14;
export const NO_ASYNC_LOADING = 1 << 15;
export const NO_MULTI = 1 << 16;
export const ALLOW_BUSY = 1 << 17;
export const MOVABLE_KEYS = 1 << 18;
export const NO_MANDATORY_KEYS = 1 << 19;
/** Only runs when a directive allows it (`enable-debug-command`, `enable-module-command`); no flag of COMMAND's. */
export const PROTECTED = 1 << 20;
/** Runs while a RESP2 client is subscribed to something; no flag of COMMAND's either. */
export const SUBSCRIBER = 1 << 21;
/** Refused in a transaction though Redis 7.0 queues it, and so not shown in COMMAND as NO_MULTI is. */
export const NOT_IN_MULTI = 1 << 22;
/** Waits while a command holds writes back, as it promises that none will come; no flag of COMMAND's. */
export const PAUSES = 1 << 23;

/** Names in the order in which COMMAND lists them. */
export const FLAG_NAMES: readonly (readonly [flag: number, name: string])[] = [
  [WRITE, 'write'],
  [READONLY, 'readonly'],
  [DENYOOM, 'denyoom'],
  [ADMIN, 'admin'],
  [PUBSUB, 'pubsub'],
  [NOSCRIPT, 'noscript'],
  [BLOCKING, 'blocking'],
  [LOADING, 'loading'],
  [STALE, 'stale'],
  [SKIP_MONITOR, 'skip_monitor'],
  [SKIP_SLOWLOG, 'skip_slowlog'],
  [ASKING, 'asking'],
  [FAST, 'fast'],
  [NO_AUTH, 'no_auth'],
  [NO_MANDATORY_KEYS, 'no_mandatory_keys'],
  [NO_ASYNC_LOADING, 'no_async_loading'],
  [NO_MULTI, 'no_multi'],
  [MOVABLE_KEYS, 'movablekeys'],
  [ALLOW_BUSY, 'allow_busy'],
];
