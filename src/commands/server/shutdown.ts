// SHUTDOWN: parses the request. The shutdown itself is done by server/.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { notFromLog } from '../../core/errors.ts';
import { ADMIN, ALLOW_BUSY, LOADING, NO_MULTI, NOSCRIPT, STALE } from '../../core/flags.ts';
import { OptionTable } from '../../core/options.ts';

const BESIDES_ABORT = ['nosave', 'save', 'now', 'force'];
const OPTIONS = new OptionTable([
  { word: 'nosave', excludes: ['save', 'abort'] },
  { word: 'save', excludes: ['nosave', 'abort'] },
  { word: 'now', excludes: ['abort'] },
  { word: 'force', excludes: ['abort'] },
  { word: 'abort', excludes: BESIDES_ABORT },
]);
const NOSAVE = OPTIONS.bits('nosave');
const SAVE = OPTIONS.bits('save');
const NOW = OPTIONS.bits('now');
const FORCE = OPTIONS.bits('force');
const ABORT = OPTIONS.bits('abort');

export const shutdownCommands: readonly CommandRow[] = [
  {
    name: 'shutdown',
    arity: -1,
    flags: ADMIN | NOSCRIPT | LOADING | STALE | NO_MULTI | ALLOW_BUSY,
    group: 'server',
    since: '1.0.0',
    summary: 'Saves the data, if so configured, and stops the server.',
    complexity: 'O(N) where N is the number of keys when they are saved, otherwise O(1).',
    history: [['7.0.0', 'The modifiers `NOW`, `FORCE` and `ABORT`.']],
    options: OPTIONS,
    syntax: '[nosave_save=( NOSAVE | SAVE )] [NOW^7.0.0] [FORCE^7.0.0] [ABORT^7.0.0]',
    handler: shutdown,
  },
];

const WOULD_WAIT = "ERR SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client";

/** SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] | SHUTDOWN ABORT. Words may come in any order, repeated. */
function shutdown(call: Call): void {
  const { reply, client, server } = call;
  if (!OPTIONS.read(call, 1)) return;
  const now = OPTIONS.has(NOW);
  if (OPTIONS.has(ABORT)) {
    if (server.shutdown.abort()) reply.ok();
    else reply.error('ERR No shutdown in progress.');
  } else if (client.deniesBlocking) {
    // Redis would shut down each time that it replays the log.
    reply.error(now ? notFromLog('SHUTDOWN') : WOULD_WAIT);
  } else {
    const save = OPTIONS.has(SAVE) ? 'save' : OPTIONS.has(NOSAVE) ? 'nosave' : 'default';
    const force = OPTIONS.has(FORCE);
    const reason = `SHUTDOWN by client ${client.id} at ${client.address.remote}`;
    server.log.info(reason);
    // A shutdown that succeeds has no reply: the connection is closed.
    const error = server.shutdown.begin({ reason, save, now, force });
    if (error !== undefined) reply.error(error);
  }
}
