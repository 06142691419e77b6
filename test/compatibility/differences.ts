// Where Synap answers differently from Redis 7.0 on purpose, each with its reason. A script names
// the difference it meets (`intended` in test/support/script.ts), and docs/compatibility.md tells
// users of each one by the same name.

export interface IntendedDifference {
  /** Unique; kebab case. */
  readonly name: string;
  /** Why Synap differs, for a user who meets it. */
  readonly reason: string;
}

export const differences: readonly IntendedDifference[] = [
  {
    name: 'command-texts',
    reason:
      'What COMMAND DOCS says in sentences (summary, changes, complexity after its order) and what COMMAND HELP explains is in words of our own.',
  },
  {
    name: 'tracking-prefix-overlap',
    reason:
      'CLIENT TRACKING with prefixes that overlap each other is always refused. Redis reports the error too, but begins to track and answers a second time, when it is not the first prefix that overlaps with another one.',
  },
  {
    name: 'tracking-in-transactions',
    reason:
      'An invalidation that a transaction causes, and that another client redirects to the one that runs it, comes after the reply of EXEC. Redis 7.0 puts it in the middle of that reply, where no client expects it.',
  },
  {
    name: 'tracking-last-client',
    reason:
      'What clients have read is forgotten when the last one stops tracking. Redis remembers it until the keys are modified, though nobody is told.',
  },
  {
    name: 'client-7.2',
    reason:
      'CLIENT SETINFO, CLIENT NO-TOUCH and the fields lib-name and lib-ver of CLIENT LIST are those of Redis 7.2: clients send them at connect.',
  },
  {
    name: 'zrank-withscore',
    reason:
      'ZRANK and ZREVRANK take the option WITHSCORE of Redis 7.2: they answer the score, too.',
  },
  {
    name: 'hscan-novalues',
    reason: 'HSCAN takes the option NOVALUES of Redis 7.4: it answers fields without their values.',
  },
  {
    name: 'sort-out-of-range',
    reason:
      "A number that is out of range makes the SORT fail that meets it, and no other. Those that come behind it fail in Redis, too, until something there sets the C library's error number anew.",
  },
  {
    name: 'geo-last-digits',
    reason:
      'Distances that GEOSEARCHSTORE and GEORADIUS store are made of sines that are rounded to the nearest number. Those of the C library are not in one of a thousand cases, so the 16th digit of a distance may differ.',
  },
  {
    name: 'far-expiry',
    reason:
      'Expiry times after the year 287396 (2^53 ms) are rounded to a nearby double: they are kept in 64-bit floating point.',
  },
  {
    name: 'copied-integers',
    reason:
      'OBJECT REFCOUNT answers 2147483647 for every integer below 10000, as Redis does for those that it shares; Redis does not share the copies that COPY makes of them.',
  },
  {
    name: 'rdb-version-11',
    reason:
      'RESTORE takes payloads of the RDB versions 11 and 12, which Redis 7.2 and 7.4 write, too. Redis 7.0 refuses what is newer than itself. Where fields of hashes expire, DUMP and snapshots have version 12.',
  },
  {
    name: 'restore-footer',
    reason:
      'RESTORE never takes bytes of the version and the checksum at the end of a payload for a part of the value, as Redis does when the value ends too early.',
  },
  {
    name: 'restore-checks',
    reason:
      'Values in RESTORE and in snapshots are always checked to their last byte, as Redis does under sanitize-dump-payload yes, whatever that directive says. Redis, with its default, takes damage that shows only later.',
  },
  {
    name: 'far-timeouts',
    reason:
      'A time to wait (CLIENT PAUSE, BLPOP and relatives) that would end after the year 292 million is out of range, as from Redis 7.2 on. Redis 7.0 pauses for ever, or says that the time is negative.',
  },
  {
    name: 'waits-overwritten',
    reason:
      'A client that waits for a list or a sorted set is served where SORT, ZUNIONSTORE or a relative stores one over a value of another type. Redis leaves it waiting beside what it waits for.',
  },
  {
    name: 'client-reply-in-transactions',
    reason:
      'CLIENT REPLY is refused inside MULTI, as by Valkey 9: replies that are left out of the reply of EXEC leave no reply at all.',
  },
  {
    name: 'scan-type-none',
    reason:
      'SCAN with TYPE none returns nothing. Redis returns the keys that it has just deleted, as their time was over.',
  },
  {
    name: 'glob-nesting',
    reason:
      'A pattern with more than 1,000 stars matches what it says. Redis gives up on it, as its matcher calls itself for each star.',
  },
  {
    name: 'migrate-in-transactions',
    reason:
      'MIGRATE is refused inside MULTI: it waits for the other server while everybody else is served, and a transaction cannot wait.',
  },
  {
    name: 'migrate-acknowledgement',
    reason:
      'MIGRATE deletes a key only when the target has answered +OK or the like. Redis takes everything that is no error for that, such as the answer of a web server.',
  },
  {
    name: 'long-quotes',
    reason:
      'Errors quote at most 64 KiB of an argument. Redis quotes all of it in most of its errors.',
  },
  {
    name: 'long-settings',
    reason:
      'CONFIG SET takes values of up to 64 KiB. Redis takes them of any length, and a client can make it keep gigabytes of them.',
  },
  {
    name: 'nul-in-settings',
    reason:
      'Texts, paths and addresses in the configuration and in CONFIG SET must not contain NUL bytes. Redis cuts them off at the first, and uses another path or address than it was given.',
  },
  {
    name: 'log-arity',
    reason:
      'A log with a command that has too few or too many arguments is refused, with the file and the place. Redis runs it with whatever is in memory behind them, or crashes.',
  },
  {
    name: 'log-text',
    reason:
      'A log is read to the letter: values and lengths end in CR LF, a command that seems cut off while whole commands follow is damaged, and so is a base in RDB format without content. Redis ignores the two bytes behind a value and what follows a number, takes a length that is too large for the end of the log, cutting off all that follows, and an empty base for no data.',
  },
  {
    name: 'log-transactions',
    reason:
      'DISCARD and RESET in a log end a transaction, as they do for clients. Redis crashes of them, or takes all that follows for a part of the transaction.',
  },
  {
    name: 'log-commands',
    reason:
      'SHUTDOWN NOW, SAVE, BGSAVE, BGREWRITEAOF, MIGRATE, DEBUG RELOAD and DEBUG LOADAOF in a log, and DEBUG where it is not allowed, are reported as errors and passed over. Redis runs them: it ends each time that it is started, or keeps the half of the data that is there yet.',
  },
  {
    name: 'debug-subcommands',
    reason:
      'DEBUG JMAP and DEBUG STRINGMATCH-LEN are additions of Synap; AOF-FLUSH-SLEEP, CHANGE-REPL-ID, LEAK, MALLCTL, MALLCTL-STR and STRUCTSIZE are missing. RESTART and CRASH-AND-RECOVER fail, as a program of Node cannot start itself anew. QUICKLIST-PACKED-THRESHOLD changes nothing, and what QUICKLIST shows goes to the log. DIGEST leaves out keys whose time is over. A server inside another program answers an error to those that crash it.',
  },
  {
    name: 'bitop-8.2',
    reason:
      'BITOP knows DIFF, DIFF1, ANDOR and ONE, as Redis does from 8.2 on. To Redis 7.0 they are syntax errors; the log has what they leave, as SET or DEL.',
  },
  {
    name: 'bitfield-fail',
    reason:
      'A BITFIELD of which every change fails (OVERFLOW FAIL) makes no key, and no string longer. Redis does, but its log and its replicas do not.',
  },
  {
    name: 'xread-last',
    reason:
      'XREAD takes + for an id, as Redis does from 7.4 on: it answers the last entry of the stream. XREADGROUP refuses it in words of its own.',
  },
  {
    name: 'many-deliveries',
    reason:
      'XCLAIM with a RETRYCOUNT beyond 2^53 - 1 sets that number: deliveries of a pending entry are kept in 64-bit floating point.',
  },
  {
    name: 'stream-sequence-end',
    reason:
      'XADD with an id of the form ms-*, where the last id of the stream has the same milliseconds and the greatest sequence number, says that the id is smaller than the last one. Redis says that, or that the elements are too large: as the error number of the C library is by then.',
  },
  {
    name: 'stream-entries-read',
    reason:
      'A group has the same entries-read and lag after a restart. The log of Redis 7.0 does not say how many entries a group has read: there they are unknown, or those of the last rewrite, until the group has read all.',
  },
  {
    name: 'damaged-hyperloglogs',
    reason:
      'A PFADD that finds damage (INVALIDOBJ) changes nothing. Redis keeps what it had added by then, but its log and its replicas do not.',
  },
];

/** Fields of INFO, as "Section/field", with what they have in common. */
export interface InfoFields {
  readonly reason: string;
  readonly fields: readonly string[];
}

/** Fields that Redis prints and Synap does not, because they have no meaning here. */
export const infoFieldsLeftOut: readonly InfoFields[] = [];

/** Fields that Synap prints besides those of Redis 7.0. */
export const infoFieldsAdded: readonly InfoFields[] = [
  { reason: 'What the server is.', fields: ['Server/synap_version', 'Server/node_version'] },
  {
    reason: 'Where the memory is: data in the arena, the program in the JavaScript heap.',
    fields: [
      'Memory/arena_used',
      'Memory/arena_reserved',
      'Memory/arena_external',
      'Memory/js_heap_used',
      'Memory/js_heap_reserved',
    ],
  },
  {
    reason: 'What rules of streams have removed (XRETAIN).',
    fields: ['Stats/stream_retention_trimmed'],
  },
  {
    reason: 'How far the log is, while there is one.',
    fields: [
      'Persistence/log_generations',
      'Persistence/log_offset',
      'Persistence/log_synced_offset',
      'Persistence/log_groups',
      'Persistence/log_bytes',
      'Persistence/log_last_group_bytes',
      'Persistence/log_fsync_p50_usec',
      'Persistence/log_fsync_p99_usec',
    ],
  },
];

/** Entries of MEMORY STATS that Synap prints after those of Redis 7.0. */
export const memoryStatsAdded: readonly string[] = [
  'arena.reserved',
  'arena.external',
  'js-heap.used',
  'js-heap.reserved',
];

/** Directives of which Redis refuses values that its build or machine can not serve. */
export const directivesAccepted: readonly { reason: string; names: readonly string[] }[] = [
  {
    reason: 'They can never apply here: they are accepted, with a warning in the log.',
    names: ['tls-cluster', 'tls-replication'],
  },
  {
    reason: 'It works; Redis needs to be built with an allocator of its own for that.',
    names: ['activedefrag'],
  },
];

/** Commands that Synap has and Redis 7.0 has not: full names, "container|subcommand". */
export const commandsAdded: readonly { reason: string; commands: readonly string[] }[] = [
  {
    reason: 'Redis has them from 7.2 on; clients send them at connect.',
    commands: ['client|setinfo', 'client|no-touch'],
  },
  {
    reason: 'Redis has them from 7.4 on: fields of hashes expire.',
    commands: [
      ...['hexpire', 'hpexpire', 'hexpireat', 'hpexpireat', 'hpersist'],
      ...['httl', 'hpttl', 'hexpiretime', 'hpexpiretime'],
    ],
  },
  { reason: 'Redis has them from 8.0 on.', commands: ['hgetdel', 'hgetex', 'hsetex'] },
  { reason: 'Redis has them from 8.2 on.', commands: ['xackdel', 'xdelex'] },
  {
    reason: 'No Redis has them: how much of a stream is kept, and how much of that in memory.',
    commands: ['xretain', 'xcompact', 'xtier'],
  },
];

/** Commands that take an option of a later Redis (the differences zrank-withscore, hscan-novalues). */
export const commandsExtended: ReadonlySet<string> = new Set(['zrank', 'zrevrank', 'hscan']);

export const differenceNames: ReadonlySet<string> = new Set(differences.map(({ name }) => name));
