// Commands about the server that fit nowhere else: its clock, its role, its art.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER } from '../../core/errors.ts';
import { FAST, LOADING, NOSCRIPT, READONLY, STALE } from '../../core/flags.ts';
import { REDIS_VERSION } from '../../core/version.ts';
import { unixTimeUs } from '../../telemetry/wall-clock.ts';
import { drawNetwork } from './lolwut.ts';

export const serverCommands: readonly CommandRow[] = [
  {
    name: 'time',
    arity: 1,
    flags: LOADING | STALE | FAST,
    group: 'server',
    since: '2.6.0',
    summary: 'Returns the time of the server, in seconds and microseconds.',
    complexity: 'O(1)',
    tips: ['nondeterministic_output'],
    handler: time,
  },
  {
    name: 'role',
    arity: 1,
    flags: NOSCRIPT | LOADING | STALE | FAST,
    group: 'server',
    categories: ['admin', 'dangerous'],
    since: '2.8.12',
    summary: 'Returns the role of the server in replication.',
    complexity: 'O(1)',
    handler: role,
  },
  {
    name: 'lolwut',
    arity: -1,
    flags: READONLY | FAST,
    group: 'server',
    since: '5.0.0',
    summary: 'Draws a picture and shows the version.',
    syntax: '[VERSION version:integer]',
    handler: lolwut,
  },
];

const DEFAULT_COLUMNS = 64;
const DEFAULT_ROWS = 16;
const MAX_COLUMNS = 200;
const MAX_ROWS = 100;

function time({ reply }: Call): void {
  const nowUs = unixTimeUs();
  reply.array(2);
  reply.bulkInteger(Math.floor(nowUs / 1e6));
  reply.bulkInteger(nowUs % 1e6);
}

/** A master with no replicas, at the offset that INFO reports as master_repl_offset. */
function role({ reply, server }: Call): void {
  reply.array(3);
  reply.bulkText('master');
  reply.integer(server.wal.facts?.offset ?? 0);
  reply.array(0);
}

/**
 * LOLWUT [VERSION version [columns [rows [seed]]]]. Whatever the version, the picture is the same;
 * a seed makes it the same each time.
 */
function lolwut({ request, reply }: Call): void {
  const numbers: number[] = [];
  if (request.count > 2 && request.is(1, 'version')) {
    for (let i = 2; i < request.count; i++) numbers.push(request.integer(i));
  }
  if (numbers.some(Number.isNaN)) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const [, columns = DEFAULT_COLUMNS, rows = DEFAULT_ROWS, seed = unixTimeUs()] = numbers;
  const picture = drawNetwork(
    Math.min(Math.max(columns, 1), MAX_COLUMNS),
    Math.min(Math.max(rows, 1), MAX_ROWS),
    seed,
  );
  reply.verbatim(`${picture}\nNeurons and their synapses. Redis ver. ${REDIS_VERSION}\n`, 'txt');
}
