// The error replies that more than one command gives, to the letter those of Redis 7.0: clients
// match on them. An error that a single command gives stands beside it.

export const SYNTAX = 'ERR syntax error';
export const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
export const NOT_A_FLOAT = 'ERR value is not a valid float';
export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
export const NO_SUCH_KEY = 'ERR no such key';
export const SAME_OBJECT = 'ERR source and destination objects are the same';
export const INDEX_OUT_OF_RANGE = 'ERR index out of range';
export const DB_INDEX_OUT_OF_RANGE = 'ERR DB index is out of range';
export const NOT_POSITIVE = 'ERR value is out of range, must be positive';
export const NUMKEYS_NOT_POSITIVE = 'ERR numkeys should be greater than 0';
export const COUNT_NOT_POSITIVE = 'ERR count should be greater than 0';
export const OUT_OF_RANGE = 'ERR value is out of range';
export const STRING_TOO_LONG = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';
export const TIMEOUT_NEGATIVE = 'ERR timeout is negative';
export const TIMEOUT_OUT_OF_RANGE = 'ERR timeout is out of range';
export const OFFSET_OUT_OF_RANGE = 'ERR offset is out of range';
export const NO_AUTH_NEEDED =
  'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?';
export const AUTHENTICATION_REQUIRED = 'NOAUTH Authentication required.';
export const WRONG_PASSWORD = 'WRONGPASS invalid username-password pair or user is disabled.';
export const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
/** What a client would keep does not fit: see client-memory.ts. */
export const HEAP_FULL = 'OOM command not allowed: clients take too much of the JavaScript heap';
export const LOADING_DATA = 'LOADING Redis is loading the dataset in memory';
export const SNAPSHOT_FAILED =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.";
/** Redis logs one of any size, and may not load it again. */
export const TRANSACTION_TOO_LARGE =
  'EXECABORT Transaction discarded because it is too large for the append only file.';
export const EXEC_ABORTED = 'EXECABORT Transaction discarded because of previous errors.';

/** `wrongArity('get')`; for a subcommand its full name, "config|get". */
export function wrongArity(fullName: string): string {
  return `ERR wrong number of arguments for '${fullName}' command`;
}

/** A command that would wait for others, or end what the log is loaded for. */
export function notFromLog(name: string): string {
  return `ERR ${name} isn't run from a log`;
}

/** The expiry that a command was given cannot be. */
export function invalidExpireTime(command: string): string {
  return `ERR invalid expire time in '${command}' command`;
}

/** A RESP2 client that is subscribed could not tell other replies from messages. */
export function notWhileSubscribed(command: string): string {
  return `ERR Can't execute '${command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`;
}
