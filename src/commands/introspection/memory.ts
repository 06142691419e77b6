// MEMORY: what a key takes, where the memory goes, whether something is wrong with it.
import { getHeapSpaceStatistics } from 'node:v8';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { helpRow } from '../../core/help.ts';
import { keyAt } from '../../core/key-specs.ts';
import { OptionTable } from '../../core/options.ts';
import { NO_EXPIRY } from '../../keyspace/database.ts';
import type { Reply } from '../../protocol/reply.ts';
import { diagnoseMemory } from './memory-doctor.ts';
import { humanBytes, measureMemory } from './memory-report.ts';
import { type MemoryStat, memoryStats, Share } from './memory-stats.ts';

const SHARD_TIPS = [
  'nondeterministic_output',
  'request_policy:all_shards',
  'response_policy:special',
];

const HELP = [
  'DOCTOR',
  '    Return memory problems reports.',
  'MALLOC-STATS',
  '    Return internal statistics report from the memory allocator.',
  'PURGE',
  '    Attempt to purge dirty pages for reclamation by the allocator.',
  'STATS',
  '    Return information about the memory usage of the server.',
  'USAGE <key> [SAMPLES <count>]',
  '    Return memory in bytes used by <key> and its value. Nested values are',
  '    sampled up to <count> times (default: 5, 0 means sample all).',
];

const USAGE_OPTIONS = new OptionTable([
  {
    word: 'samples',
    values: 1,
    problem({ request }, i) {
      const samples = request.integer(i);
      if (Number.isNaN(samples)) return NOT_AN_INTEGER;
      return samples < 0 ? SYNTAX : undefined;
    },
  },
]);

export const memoryCommands: readonly CommandRow[] = [
  {
    name: 'memory',
    arity: -2,
    flags: 0,
    group: 'server',
    since: '4.0.0',
    summary: 'Container of the commands about memory.',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'usage',
        arity: -3,
        flags: READONLY,
        keys: [keyAt(2, 'RO')],
        group: 'server',
        since: '4.0.0',
        summary: 'Returns how much memory a key and its value take.',
        complexity: 'O(N) where N is the number of samples.',
        options: USAGE_OPTIONS,
        syntax: 'key [SAMPLES count:integer]',
        handler: usage,
      },
      {
        name: 'stats',
        arity: 2,
        flags: 0,
        group: 'server',
        since: '4.0.0',
        summary: 'Reports what the memory of the server is used for.',
        complexity: 'O(1)',
        tips: SHARD_TIPS,
        handler: stats,
      },
      {
        name: 'doctor',
        arity: 2,
        flags: 0,
        group: 'server',
        since: '4.0.0',
        summary: 'Looks for problems with the memory of the server.',
        complexity: 'O(1)',
        tips: SHARD_TIPS,
        handler: doctor,
      },
      {
        name: 'malloc-stats',
        arity: 2,
        flags: 0,
        group: 'server',
        since: '4.0.0',
        summary: 'Returns the statistics of the allocators.',
        complexity: 'Depends on how much memory is allocated, could be slow',
        tips: SHARD_TIPS,
        handler: mallocStats,
      },
      {
        name: 'purge',
        arity: 2,
        flags: 0,
        group: 'server',
        since: '4.0.0',
        summary: 'Returns unused memory to the operating system.',
        complexity: 'Depends on how much memory is allocated, could be slow',
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        handler: purge,
      },
      helpRow('server', '4.0.0', HELP),
    ],
  },
];

/** A key's place in the table, and in the expiry heap if it has an expiry. */
const SLOT_BYTES = 8;
const HEAP_BYTES = 12;

/** The count of SAMPLES is checked and has no effect: a string is measured, not sampled. */
function usage(call: Call): void {
  const { request, reply, db } = call;
  if (!USAGE_OPTIONS.read(call, 3)) return;
  const ref = db.lookupStored(request, 2);
  if (ref === 0) {
    reply.null();
    return;
  }
  const heapBytes = db.expiryOf(ref) === NO_EXPIRY ? 0 : HEAP_BYTES;
  reply.integer(db.entries.footprintBytes(ref) + SLOT_BYTES + heapBytes);
}

function stats({ reply, server }: Call): void {
  const entries = memoryStats(server);
  reply.map(entries.length);
  for (const { name, value } of entries) {
    reply.bulkText(name);
    replyValue(reply, value);
  }
}

function replyValue(reply: Reply, value: MemoryStat['value']): void {
  if (typeof value === 'number') {
    reply.integer(value);
  } else if (value instanceof Share) {
    reply.double(value.of);
  } else {
    reply.map(value.size);
    for (const [name, sizeBytes] of value) {
      reply.bulkText(name);
      reply.integer(sizeBytes);
    }
  }
}

function doctor({ reply, server }: Call): void {
  reply.verbatim(diagnoseMemory(measureMemory(server), server.clients.size), 'txt');
}

function purge({ reply, server }: Call): void {
  server.release.purge();
  reply.ok();
}

function mallocStats({ reply, server }: Call): void {
  const memory = measureMemory(server);
  const lines = [
    '___ Arena: data outside the JavaScript heap ___',
    `Allocated:              ${humanBytes(memory.allocated)}`,
    `  in blocks of arena:   ${humanBytes(memory.arenaUsed)}`,
    `  large values:         ${humanBytes(memory.overflow)}`,
    `Lost to fragmentation:  ${humanBytes(memory.active - memory.allocated)}`,
    `Not given back yet:     ${humanBytes(memory.allocatorResident - memory.active)}`,
    `Reserved addresses:     ${humanBytes(memory.arenaReserved)}`,
    '___ JavaScript heap ___',
  ];
  for (const space of getHeapSpaceStatistics()) {
    const used = humanBytes(space.space_used_size);
    const reserved = humanBytes(space.space_size);
    lines.push(`${`${space.space_name}:`.padEnd(31)} ${used} of ${reserved}`);
  }
  reply.verbatim(`${lines.join('\n')}\n`, 'txt');
}
