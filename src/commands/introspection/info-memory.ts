// INFO memory. What Redis tells of its allocator, Synap tells of its data off the JavaScript heap: what is
// allocated, what is lost between it (allocator_frag), what is free and not given back (allocator_rss), and
// what the process takes besides, the program and its runtime above all (rss_overhead).
import * as os from 'node:os';
import type { Services } from '../../core/services.ts';
import type { InfoField } from './info-field.ts';
import {
  datasetPercentage,
  humanBytes,
  measureMemory,
  overheadRatio,
  peakPercentage,
} from './memory-report.ts';

/** The fields of INFO memory. */
export function memoryFields(server: Services): InfoField[] {
  const { config, defrag, keyspace } = server;
  const memory = measureMemory(server);
  const limit = Number(config.values.maxmemory);
  return [
    ...sized('used_memory', memory.used),
    ...sized('used_memory_rss', memory.resident),
    ...sized('used_memory_peak', memory.peak),
    ['used_memory_peak_perc', `${peakPercentage(memory).toFixed(2)}%`],
    ['used_memory_overhead', memory.overhead],
    ['used_memory_startup', memory.startup],
    ['used_memory_dataset', memory.dataset],
    ['used_memory_dataset_perc', `${datasetPercentage(memory).toFixed(2)}%`],
    ['allocator_allocated', memory.allocated],
    ['allocator_active', memory.active],
    ['allocator_resident', memory.allocatorResident],
    ...sized('total_system_memory', os.totalmem()),
    ...scriptFields(),
    ...sized('maxmemory', limit),
    ['maxmemory_policy', config.values['maxmemory-policy']],
    ...overhead('allocator_frag', memory.active, memory.allocated),
    ...overhead('allocator_rss', memory.allocatorResident, memory.active),
    ...overhead('rss_overhead', memory.resident, memory.allocatorResident),
    ...overhead('mem_fragmentation', memory.resident, memory.used),
    ['mem_not_counted_for_evict', 0],
    ['mem_replication_backlog', 0],
    ['mem_total_replication_buffers', 0],
    ['mem_clients_slaves', 0],
    ['mem_clients_normal', server.clientMemory.bytes],
    ['mem_cluster_links', 0],
    ['mem_aof_buffer', 0],
    ['mem_allocator', 'synap-arena'],
    ['active_defrag_running', defrag.effort],
    ['lazyfree_pending_objects', keyspace.pendingKeys],
    ['lazyfreed_objects', keyspace.stats.lazyFreed],
    ['arena_used', memory.arenaUsed],
    ['arena_reserved', memory.arenaReserved],
    ['arena_external', memory.overflow],
    ['js_heap_used', memory.heapUsed],
    ['js_heap_reserved', memory.heapReserved],
  ];
}

/** What scripts and functions take: nothing, as there are none yet. */
function scriptFields(): InfoField[] {
  return [
    ['used_memory_lua', 0],
    ['used_memory_vm_eval', 0],
    ['used_memory_lua_human', humanBytes(0)],
    ['used_memory_scripts_eval', 0],
    ['number_of_cached_scripts', 0],
    ['number_of_functions', 0],
    ['number_of_libraries', 0],
    ['used_memory_vm_functions', 0],
    ...sized('used_memory_vm_total', 0),
    ['used_memory_functions', 0],
    ...sized('used_memory_scripts', 0),
  ];
}

/** How much more memory is taken than is needed. */
function overhead(name: string, taken: number, needed: number): InfoField[] {
  return [
    [`${name}_ratio`, overheadRatio(taken, needed).toFixed(2)],
    [`${name}_bytes`, taken - needed],
  ];
}

function sized(name: string, sizeBytes: number): InfoField[] {
  return [
    [name, sizeBytes],
    [`${name}_human`, humanBytes(sizeBytes)],
  ];
}
