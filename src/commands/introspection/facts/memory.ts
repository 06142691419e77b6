// INFO memory. Redis's facts about its allocator describe Synap's data off the JavaScript heap here: what is
// allocated, what is lost between it (allocator_frag), what is free and not given back (allocator_rss), and
// what the process takes besides, the program and its runtime above all (rss_overhead).
import * as os from 'node:os';
import type { Services } from '../../../core/services.ts';
import { counter, digits, type Fact, gauge, none, section, text } from '../../../telemetry/fact.ts';
import {
  datasetPercentage,
  humanBytes,
  type MemoryReport,
  measureMemory,
  overheadRatio,
  peakPercentage,
} from '../memory-report.ts';

interface Sample {
  readonly server: Services;
  readonly memory: MemoryReport;
}

export const memoryFacts = section<Services, Sample>({
  ...{ name: 'memory', title: 'Memory' },
  sample: (server) => ({ server, memory: measureMemory(server) }),
  facts: [
    ...sized('used_memory', 'Data and buffers of clients', ({ memory }) => memory.used),
    ...sized('used_memory_rss', 'Physical memory of the process', ({ memory }) => memory.resident),
    ...sized('used_memory_peak', 'The most that was used', ({ memory }) => memory.peak),
    gauge(
      'used_memory_peak_perc',
      'What is used of that, in per cent.',
      ({ memory }) => peakPercentage(memory),
      percent,
    ),
    gauge(
      'used_memory_overhead',
      'Of what is used: all but keys and values, in bytes.',
      ({ memory }) => memory.overhead,
    ),
    gauge(
      'used_memory_startup',
      'Of what is used: what there was at the start, in bytes.',
      ({ memory }) => memory.startup,
    ),
    gauge(
      'used_memory_dataset',
      'Of what is used: keys and values, in bytes.',
      ({ memory }) => memory.dataset,
    ),
    gauge(
      'used_memory_dataset_perc',
      'Of what was added since the start: keys and values, in per cent.',
      ({ memory }) => datasetPercentage(memory),
      percent,
    ),
    gauge(
      'allocator_allocated',
      'Data off the JavaScript heap, in bytes.',
      ({ memory }) => memory.allocated,
    ),
    gauge(
      'allocator_active',
      'The same with the room between it, in bytes.',
      ({ memory }) => memory.active,
    ),
    gauge(
      'allocator_resident',
      'The same with what is free and not given back, in bytes.',
      ({ memory }) => memory.allocatorResident,
    ),
    ...sized('total_system_memory', 'Memory of the machine', () => os.totalmem()),
    none('used_memory_lua', 'What scripts take, in bytes.'),
    none('used_memory_vm_eval', 'What their interpreter takes, in bytes.'),
    text('used_memory_lua_human', 'What scripts take.', () => humanBytes(0)),
    none('used_memory_scripts_eval', 'What the texts of scripts take, in bytes.'),
    none('number_of_cached_scripts', 'Scripts that are kept.'),
    none('number_of_functions', 'Functions.'),
    none('number_of_libraries', 'Libraries of functions.'),
    none('used_memory_vm_functions', 'What the interpreter of functions takes, in bytes.'),
    ...sized('used_memory_vm_total', 'What interpreters take', () => 0),
    none('used_memory_functions', 'What the texts of functions take, in bytes.'),
    ...sized('used_memory_scripts', 'What scripts and functions take', () => 0),
    ...sized('maxmemory', 'Limit of what is used, 0 for none', ({ server }) =>
      Number(server.config.values.maxmemory),
    ),
    text(
      'maxmemory_policy',
      'What is evicted at the limit.',
      ({ server }) => server.config.values['maxmemory-policy'],
    ),
    ...overhead(
      'allocator_frag',
      'Room between data',
      ({ memory }) => memory.active,
      ({ memory }) => memory.allocated,
    ),
    ...overhead(
      'allocator_rss',
      'What is free and not given back',
      ({ memory }) => memory.allocatorResident,
      ({ memory }) => memory.active,
    ),
    ...overhead(
      'rss_overhead',
      'Program and runtime',
      ({ memory }) => memory.resident,
      ({ memory }) => memory.allocatorResident,
    ),
    ...overhead(
      'mem_fragmentation',
      'All that is not used',
      ({ memory }) => memory.resident,
      ({ memory }) => memory.used,
    ),
    none('mem_not_counted_for_evict', 'Buffers that the limit leaves out, in bytes.'),
    none('mem_replication_backlog', 'Backlog of replication, in bytes.'),
    none('mem_total_replication_buffers', 'Backlog and buffers of replicas, in bytes.'),
    none('mem_clients_slaves', 'Clients that are replicas, in bytes.'),
    gauge(
      'mem_clients_normal',
      'All other clients, in bytes.',
      ({ server }) => server.clientMemory.bytes,
    ),
    none('mem_cluster_links', "Links of the cluster's bus, in bytes."),
    none('mem_aof_buffer', 'Buffers of the log, in bytes.'),
    text('mem_allocator', 'What allocates data.', () => 'synap-arena'),
    gauge(
      'active_defrag_running',
      'Share of the time that defragmentation takes now, in per cent.',
      ({ server }) => server.defrag.effort,
    ),
    gauge(
      'lazyfree_pending_objects',
      'Keys whose memory is still to be given back.',
      ({ server }) => server.keyspace.pendingKeys,
    ),
    counter(
      'lazyfreed_objects',
      'Keys whose memory was given back in the background.',
      ({ server }) => server.keyspace.stats.lazyFreed,
    ),
    gauge('arena_used', 'Blocks of the arena, in bytes.', ({ memory }) => memory.arenaUsed),
    gauge(
      'arena_reserved',
      'Addresses held for the arena, in bytes.',
      ({ memory }) => memory.arenaReserved,
    ),
    gauge(
      'arena_external',
      'Data too large for blocks of the arena, in bytes.',
      ({ memory }) => memory.overflow,
    ),
    gauge('js_heap_used', 'JavaScript heap in use, in bytes.', ({ memory }) => memory.heapUsed),
    gauge('js_heap_reserved', 'JavaScript heap, in bytes.', ({ memory }) => memory.heapReserved),
  ],
});

type ReadBytes = (sample: Sample) => number;

/** A size, and the same for people. */
function sized(name: string, what: string, read: ReadBytes): Fact<Sample>[] {
  return [
    gauge(name, `${what}, in bytes.`, read),
    text(`${name}_human`, `${what}.`, (sample) => humanBytes(read(sample))),
  ];
}

/** How much more memory is taken than is needed. */
function overhead(name: string, what: string, taken: ReadBytes, needed: ReadBytes): Fact<Sample>[] {
  return [
    gauge(
      `${name}_ratio`,
      `${what}: how many times as much is taken as is needed.`,
      (sample) => overheadRatio(taken(sample), needed(sample)),
      digits(2),
    ),
    gauge(`${name}_bytes`, `${what}, in bytes.`, (sample) => taken(sample) - needed(sample)),
  ];
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}
