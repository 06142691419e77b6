// SHUTDOWN: how the server is asked to end. The shutdown itself is the server's.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { notFromLog, SYNTAX } from '../../core/errors.ts';
import { ADMIN, ALLOW_BUSY, LOADING, NO_MULTI, NOSCRIPT, STALE } from '../../core/flags.ts';

export const shutdownCommands: readonly CommandRow[] = [
  {
    name: 'shutdown',
    arity: -1,
    flags: ADMIN | NOSCRIPT | LOADING | STALE | NO_MULTI | ALLOW_BUSY,
    group: 'server',
    since: '1.0.0',
    summary: 'Saves the data, if that is configured, and ends the server.',
    complexity: 'O(N) where N is the number of keys when they are saved, otherwise O(1).',
    history: [['7.0.0', 'The modifiers `NOW`, `FORCE` and `ABORT`.']],
    syntax: '[nosave_save=( NOSAVE | SAVE )] [NOW^7.0.0] [FORCE^7.0.0] [ABORT^7.0.0]',
    handler: shutdown,
  },
];

/** How many words it takes. */
const WORDS = 5;
const WOULD_WAIT = "ERR SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client";

/** SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] | SHUTDOWN ABORT. Words may come in any order, repeated. */
function shutdown({ request, reply, client, server }: Call): void {
  const words = new Set<string>();
  for (let i = 1; i < request.count && words.size <= WORDS; i++) words.add(request.word(i));
  const isAbort = words.delete('abort');
  const isSave = words.delete('save');
  const isNoSave = words.delete('nosave');
  const now = words.delete('now');
  const force = words.delete('force');
  const isUnclear = (isSave && isNoSave) || (isAbort && (isSave || isNoSave || now || force));
  if (words.size > 0 || isUnclear) {
    reply.error(SYNTAX);
  } else if (isAbort) {
    if (server.shutdown.abort()) reply.ok();
    else reply.error('ERR No shutdown in progress.');
  } else if (client.deniesBlocking) {
    // Redis ends then, each time that it is started with the log.
    reply.error(now ? notFromLog('SHUTDOWN') : WOULD_WAIT);
  } else {
    const save = isSave ? 'save' : isNoSave ? 'nosave' : 'default';
    const reason = `SHUTDOWN by client ${client.id} at ${client.address.remote}`;
    server.log.info(reason);
    // The only answer to a shutdown that begins is the end of the connection.
    const error = server.shutdown.begin({ reason, save, now, force });
    if (error !== undefined) reply.error(error);
  }
}
