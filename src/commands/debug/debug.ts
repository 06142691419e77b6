// DEBUG: inspection and provoked errors, for developers and tests. It runs only where `enable-debug-command`
// allows it, which dispatch checks.

import { join } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';
import { systemMessage } from '../../config/error.ts';
import { cString, MAX_QUOTED_BYTES, wrongSubcommandUse } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { LOADING_DATA, NOT_POSITIVE, STRING_TOO_LONG } from '../../core/errors.ts';
import { ADMIN, LOADING, NOSCRIPT, PROTECTED, STALE } from '../../core/flags.ts';
import { replyHelp } from '../../core/help.ts';
import { NO_EXPIRY } from '../../keyspace/database.ts';
import { Request } from '../../protocol/request.ts';
import { setString } from '../../types/string/values.ts';
import { FAILED } from '../server/snapshots.ts';
import { debugClientEviction } from './client-eviction.ts';
import { assert, outOfMemory, panic, restart, segfault } from './crash.ts';
import { digestOfDatabases, digestOfValue } from './digest.ts';
import { stringmatchLen, stringmatchTest } from './fuzz.ts';
import { DEBUG_HELP } from './help.ts';
import { clusterLink, htstats, htstatsKey, listpack, quicklist, sdslen } from './inspection.ts';
import { debugObject } from './object.ts';
import { debugProtocol } from './protocol.ts';
import { debugReplyBuffer } from './reply-buffer.ts';
import {
  dropClusterPacketFilter,
  pauseCron,
  quicklistPackedThreshold,
  replicate,
  setActiveExpire,
  setSkipChecksumValidation,
} from './switches.ts';

export const debugCommands: readonly CommandRow[] = [
  {
    name: 'debug',
    arity: -2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE | PROTECTED,
    group: 'server',
    since: '1.0.0',
    summary: 'Container of the commands for development and tests.',
    complexity: 'Depends on subcommand.',
    systemCommand: true,
    handler: debug,
  },
];

interface Subcommand {
  /** Numbers of arguments that it takes, DEBUG and its own name included. */
  readonly least: number;
  readonly most: number;
  readonly run: (call: Call) => void;
}

const ANY = Number.POSITIVE_INFINITY;
const SUBCOMMANDS: ReadonlyMap<string, Subcommand> = new Map([
  ['assert', { least: 2, most: ANY, run: assert }],
  ['client-eviction', { least: 2, most: 2, run: debugClientEviction }],
  ['clusterlink', { least: 5, most: 5, run: clusterLink }],
  ['config-rewrite-force-all', { least: 2, most: 2, run: configRewriteForceAll }],
  ['crash-and-recover', { least: 2, most: ANY, run: restart }],
  ['digest', { least: 2, most: 2, run: digest }],
  ['digest-value', { least: 2, most: ANY, run: digestValue }],
  ['drop-cluster-packet-filter', { least: 3, most: 3, run: dropClusterPacketFilter }],
  ['error', { least: 3, most: 3, run: error }],
  ['help', { least: 2, most: 2, run: (call: Call) => replyHelp(call, DEBUG_HELP) }],
  ['htstats', { least: 3, most: 3, run: htstats }],
  ['htstats-key', { least: 3, most: 3, run: htstatsKey }],
  ['jmap', { least: 2, most: 2, run: jmap }],
  ['listpack', { least: 3, most: 3, run: listpack }],
  ['loadaof', { least: 2, most: 2, run: loadaof }],
  ['log', { least: 3, most: 3, run: log }],
  ['object', { least: 3, most: 3, run: debugObject }],
  ['oom', { least: 2, most: ANY, run: outOfMemory }],
  ['panic', { least: 2, most: ANY, run: panic }],
  ['pause-cron', { least: 3, most: 3, run: pauseCron }],
  ['populate', { least: 3, most: 5, run: populate }],
  ['protocol', { least: 3, most: 3, run: debugProtocol }],
  ['quicklist', { least: 3, most: 4, run: quicklist }],
  ['quicklist-packed-threshold', { least: 3, most: 3, run: quicklistPackedThreshold }],
  ['reload', { least: 2, most: ANY, run: reload }],
  ['replicate', { least: 3, most: ANY, run: replicate }],
  ['replybuffer', { least: 4, most: 4, run: debugReplyBuffer }],
  ['restart', { least: 2, most: ANY, run: restart }],
  ['sdslen', { least: 3, most: 3, run: sdslen }],
  ['segfault', { least: 2, most: ANY, run: segfault }],
  ['set-active-expire', { least: 3, most: 3, run: setActiveExpire }],
  ['set-skip-checksum-validation', { least: 3, most: 3, run: setSkipChecksumValidation }],
  ['sleep', { least: 3, most: 3, run: sleep }],
  ['stringmatch-len', { least: 4, most: 4, run: stringmatchLen }],
  ['stringmatch-test', { least: 2, most: 2, run: stringmatchTest }],
]);

/** Characters of DEBUG LOG's message, as Redis cuts it. */
const LONGEST_LOGGED = 1000;
/** Characters that are looked at for a number, where what follows it does not matter. */
const LONGEST_NUMBER = 64;
/** "value:" and the digits of the largest number. */
const LONGEST_POPULATED_BYTES = 32;

/** Longer sleeps must let signals end the server, as they do with Redis. */
const LONG_SLEEP_MS = 1000;
const MAX_SLEEP_MS = 2 ** 63 / 1000;

/** The futex that `sleep` waits on; it is never notified. */
const neverNotified = new Int32Array(new SharedArrayBuffer(4));

function debug(call: Call): void {
  const { request, reply } = call;
  const subcommand = SUBCOMMANDS.get(request.word(1));
  const { count } = request;
  if (subcommand === undefined || count < subcommand.least || count > subcommand.most) {
    reply.error(wrongSubcommandUse(request));
  } else {
    subcommand.run(call);
  }
}

/**
 * Stops the event loop, and so all clients. What is no number, or too many microseconds for 64 bits,
 * counts as 0.
 */
function sleep({ request, reply, server }: Call): void {
  const timeMs = Number.parseFloat(request.start(2, LONGEST_NUMBER)) * 1000;
  const wait = (): void => void Atomics.wait(neverNotified, 0, 0, timeMs);
  if (timeMs > LONG_SLEEP_MS && timeMs < MAX_SLEEP_MS) server.process.interruptible(wait);
  else if (timeMs > 0 && timeMs < MAX_SLEEP_MS) wait();
  reply.ok();
}

function digest({ reply, server }: Call): void {
  reply.simple(digestOfDatabases(server.keyspace));
}

function digestValue({ request, reply, db, server }: Call): void {
  reply.array(request.count - 2);
  for (let i = 2; i < request.count; i++) {
    reply.simple(digestOfValue(server.keyspace, db, db.lookupStored(request, i)));
  }
}

/** Replies an error that statistics do not count, as in Redis: clients test their error handling with it. */
function error({ request, reply }: Call): void {
  reply.raw(
    Buffer.from(`-${request.start(2, MAX_QUOTED_BYTES).replace(/[\r\n]/g, ' ')}\r\n`, 'latin1'),
  );
}

function log({ request, reply, server }: Call): void {
  server.log.warn(`DEBUG LOG: ${request.bytes(2).toString('utf8', 0, LONGEST_LOGGED)}`);
  reply.ok();
}

/** Loads the log again, for tests. */
function loadaof(call: Call): void {
  const { reply, server } = call;
  if (!call.mayWait) {
    reply.error('ERR DEBUG LOADAOF takes time, and nothing waits in a transaction');
    return;
  }
  const loaded = server.wal.reload().then(
    () => undefined,
    (error: unknown) => {
      server.log.error({ err: error }, 'The log could not be loaded');
      return 'ERR Error trying to load the AOF files, check server logs.';
    },
  );
  call.deferUntil(loaded, (answered, problem) => {
    if (problem === undefined) answered.reply.ok();
    else answered.reply.error(problem);
  });
}

function jmap({ reply, server }: Call): void {
  const name = `heap-${process.pid}-${Date.now()}.heapsnapshot`;
  try {
    reply.bulkText(writeHeapSnapshot(join(server.config.values.dir, name)));
  } catch (problem) {
    reply.error(`ERR The heap snapshot cannot be written: ${systemMessage(problem)}`);
  }
}

function populate({ request, reply, db, server }: Call): void {
  const keys = request.integer(2);
  const prefix = request.count > 3 ? cString(request, 3) : 'key';
  const sizeBytes = request.count > 4 ? request.integer(4) : 0;
  if (!(keys >= 0 && sizeBytes >= 0)) {
    reply.error(NOT_POSITIVE);
    return;
  }
  if (sizeBytes > server.config.values['proto-max-bulk-len']) {
    reply.error(STRING_TOO_LONG);
    return;
  }
  const value = Buffer.alloc(Math.max(sizeBytes, LONGEST_POPULATED_BYTES));
  for (let i = 0; i < keys; i++) {
    const target = Request.of([Buffer.from(`${prefix}:${i}`, 'latin1')]);
    if (db.lookupForChange(target, 0) !== 0) continue;
    const written = value.write(`value:${i}`, 'latin1');
    setString(db, target, 0, value, 0, sizeBytes === 0 ? written : sizeBytes, NO_EXPIRY);
  }
  reply.ok();
}

function reload({ request, reply, server }: Call): void {
  const words = new Set<string>();
  for (let i = 2; i < request.count && words.size < 4; i++) words.add(request.word(i));
  const merges = words.delete('merge');
  const flushes = !words.delete('noflush');
  const saves = !words.delete('nosave');
  if (words.size > 0) {
    reply.error('ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.');
    return;
  }
  // Incomplete data would replace the last snapshot.
  if (server.loading.isActive) {
    reply.error(LOADING_DATA);
    return;
  }
  const outcome = server.snapshots.reload({
    ...{ saves, flushes, merges },
    verifies: server.debug.verifiesChecksums,
  });
  // The log has the former data; it must be rewritten with the present data.
  if (server.wal.facts !== undefined && (!saves || merges)) server.wal.scheduleRewrite();
  if (outcome === 'done') reply.ok();
  else if (outcome === 'not saved') reply.error(FAILED);
  else reply.error('ERR Error trying to load the RDB dump, check server logs.');
}

/** CONFIG REWRITE with all directives, for tests of what is written. */
function configRewriteForceAll({ reply, server }: Call): void {
  const { config } = server;
  // Redis has no file either to write to then, and says so in the system's words.
  const problem = config.file === undefined ? 'Bad address' : config.rewrite('all');
  if (problem === undefined) reply.ok();
  else reply.error(`ERR CONFIG-REWRITE-FORCE-ALL failed: ${problem.replace(/^ERR /, '')}`);
}
