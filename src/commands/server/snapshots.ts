// SAVE, BGSAVE and LASTSAVE.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import {
  ADMIN,
  FAST,
  LOADING,
  NO_ASYNC_LOADING,
  NO_MULTI,
  NOSCRIPT,
  STALE,
} from '../../core/flags.ts';
import { OptionTable } from '../../core/options.ts';
import type { SnapshotAnswer } from '../../core/snapshots.ts';
import type { Reply } from '../../protocol/reply.ts';

const BGSAVE_OPTIONS = new OptionTable([{ word: 'schedule', excludes: ['schedule'] }]);
const SCHEDULE = BGSAVE_OPTIONS.bits('schedule');

export const snapshotCommands: readonly CommandRow[] = [
  {
    name: 'save',
    arity: 1,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING | NO_MULTI,
    group: 'server',
    since: '1.0.0',
    summary: 'Saves the data in a snapshot; all clients wait until it is done.',
    complexity: 'O(N) where N is the total number of keys in all databases',
    handler: save,
  },
  {
    name: 'bgsave',
    arity: -1,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    group: 'server',
    since: '1.0.0',
    summary: 'Starts saving the data in a snapshot, in slices between other commands.',
    complexity: 'O(1)',
    history: [['3.2.2', 'The option `SCHEDULE`.']],
    options: BGSAVE_OPTIONS,
    syntax: '[SCHEDULE^3.2.2]',
    handler: bgsave,
  },
  {
    name: 'lastsave',
    arity: 1,
    flags: LOADING | STALE | FAST,
    categories: ['admin', 'dangerous'],
    group: 'server',
    since: '1.0.0',
    summary: 'Returns the Unix time of the last successful snapshot.',
    complexity: 'O(1)',
    tips: ['nondeterministic_output'],
    handler: ({ reply, server }) => reply.integer(server.snapshots.lastSaveSeconds),
  },
];

const IN_PROGRESS = 'ERR Background save already in progress';
/** As in Redis, the reply has no details: they are in the log. */
export const FAILED = 'ERR';

/** What BGSAVE answers. */
const ANSWERS: Readonly<Record<SnapshotAnswer, (reply: Reply) => void>> = {
  started: (reply) => reply.simple('Background saving started'),
  scheduled: (reply) => reply.simple('Background saving scheduled'),
  'in progress': (reply) => reply.error(IN_PROGRESS),
  blocked: (reply) =>
    reply.error(
      "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
    ),
  failed: (reply) => reply.error(FAILED),
};

function save({ reply, server }: Call): void {
  const { snapshots } = server;
  if (snapshots.isSaving) reply.error(IN_PROGRESS);
  else if (snapshots.saveNow()) reply.ok();
  else reply.error(FAILED);
}

function bgsave(call: Call): void {
  const { reply, client, server } = call;
  if (!BGSAVE_OPTIONS.read(call, 1)) return;
  const mayWait = BGSAVE_OPTIONS.has(SCHEDULE);
  const outside = mayWait ? 'now or later' : 'now';
  const when = client.transaction === undefined ? outside : 'later';
  ANSWERS[server.snapshots.saveInBackground(when)](reply);
}
