// LATENCY: what the latency monitor (telemetry/latency-monitor.ts) has seen, and the histograms of
// each command's durations.

import { cString } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { Command } from '../../core/command.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { ADMIN, LOADING, NOSCRIPT, STALE } from '../../core/flags.ts';
import { helpRow } from '../../core/help.ts';
import type { Reply } from '../../protocol/reply.ts';
import { diagnoseLatency } from './latency-doctor.ts';
import { drawLatencyGraph } from './latency-graph.ts';

const FLAGS = ADMIN | NOSCRIPT | LOADING | STALE;
/** No event has a longer name. */
const LONGEST_NAME = 64;
const NODE_TIPS = [
  'nondeterministic_output',
  'request_policy:all_nodes',
  'response_policy:special',
];

const HELP = [
  'DOCTOR',
  '    Return a human readable latency analysis report.',
  'GRAPH <event>',
  '    Return an ASCII latency graph for the <event> class.',
  'HISTORY <event>',
  '    Return time-latency samples for the <event> class.',
  'LATEST',
  '    Return the latest latency samples for all events.',
  'RESET [<event> ...]',
  '    Reset latency data of one or more <event> classes.',
  '    (default: reset all data for all event classes)',
  'HISTOGRAM [COMMAND ...]',
  '    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.',
  '    If no commands are specified then all histograms are replied.',
];

export const latencyCommands: readonly CommandRow[] = [
  {
    name: 'latency',
    arity: -2,
    flags: 0,
    group: 'server',
    since: '2.8.13',
    summary: 'Container of the commands about latency.',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'latest',
        arity: 2,
        flags: FLAGS,
        group: 'server',
        since: '2.8.13',
        summary: 'Returns the newest and the worst latency of each event.',
        complexity: 'O(1)',
        tips: NODE_TIPS,
        handler: latest,
      },
      {
        name: 'history',
        arity: 3,
        flags: FLAGS,
        group: 'server',
        since: '2.8.13',
        summary: 'Returns the latencies of an event with their times.',
        complexity: 'O(1)',
        tips: NODE_TIPS,
        syntax: 'event:string',
        handler: history,
      },
      {
        name: 'reset',
        arity: -2,
        flags: FLAGS,
        group: 'server',
        since: '2.8.13',
        summary: 'Deletes the latencies of some events, or of all.',
        complexity: 'O(1)',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        syntax: '[event:string ...]',
        handler: reset,
      },
      {
        name: 'graph',
        arity: 3,
        flags: FLAGS,
        group: 'server',
        since: '2.8.13',
        summary: 'Draws a graph of the latencies of an event.',
        complexity: 'O(1)',
        tips: NODE_TIPS,
        syntax: 'event:string',
        handler: graph,
      },
      {
        name: 'doctor',
        arity: 2,
        flags: FLAGS,
        group: 'server',
        since: '2.8.13',
        summary: 'Explains the latencies that were seen and what can be done about them.',
        complexity: 'O(1)',
        tips: NODE_TIPS,
        handler: doctor,
      },
      {
        name: 'histogram',
        arity: -2,
        flags: FLAGS,
        group: 'server',
        since: '7.0.0',
        summary: 'Returns the distribution of the durations of some commands, or of all.',
        complexity: 'O(N) where N is the number of commands in the reply.',
        tips: NODE_TIPS,
        syntax: '[command:string ...]',
        handler: histogram,
      },
      helpRow('server', '2.8.13', HELP),
    ],
  },
];

function latest({ reply, server }: Call): void {
  const events = server.latency.events();
  reply.array(events.length);
  for (const { name, samples, maxMs } of events) {
    const { timeSeconds, latencyMs } = samples[samples.length - 1];
    reply.array(4);
    reply.bulkText(name);
    reply.integer(timeSeconds);
    reply.integer(latencyMs);
    reply.integer(maxMs);
  }
}

function history({ request, reply, server }: Call): void {
  const samples = server.latency.event(request.start(2, LONGEST_NAME))?.samples ?? [];
  reply.array(samples.length);
  for (const { timeSeconds, latencyMs } of samples) {
    reply.array(2);
    reply.integer(timeSeconds);
    reply.integer(latencyMs);
  }
}

function reset({ request, reply, server }: Call): void {
  let forgotten = request.count === 2 ? server.latency.reset() : 0;
  for (let i = 2; i < request.count; i++)
    forgotten += server.latency.reset(request.start(i, LONGEST_NAME));
  reply.integer(forgotten);
}

function graph({ request, reply, server }: Call): void {
  const event = server.latency.event(request.start(2, LONGEST_NAME));
  if (event === undefined) {
    reply.error(`ERR No samples available for event '${cString(request, 2)}'`);
  } else {
    reply.verbatim(drawLatencyGraph(event, Math.floor(Date.now() / 1000)), 'txt');
  }
}

function doctor({ reply, server }: Call): void {
  const { latency } = server;
  reply.verbatim(diagnoseLatency(latency.events(), latency.thresholdMs), 'txt');
}

/** A command that is named twice is shown twice, as in Redis. */
function histogram({ request, reply, server }: Call): void {
  const { commands } = server;
  const chosen: Command[] = request.count === 2 ? [...commands.runnable()] : [];
  for (let i = 2; i < request.count; i++) {
    const command = commands.named(request, i);
    if (command === undefined) continue;
    chosen.push(command, ...(command.subcommands?.values() ?? []));
  }
  const called = chosen.filter(({ stats }) => stats.histogram.total > 0);
  reply.map(called.length);
  for (const command of called) replyHistogram(reply, command);
}

function replyHistogram(reply: Reply, { fullName, stats }: Command): void {
  const points = stats.histogram.distribution();
  reply.bulkText(fullName);
  reply.map(2);
  reply.bulkText('calls');
  reply.integer(stats.histogram.total);
  reply.bulkText('histogram_usec');
  reply.map(points.length);
  for (const { us, count } of points) {
    reply.integer(us);
    reply.integer(count);
  }
}
