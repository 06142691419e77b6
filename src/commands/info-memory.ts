// INFO memory. What Redis tells of its allocator, Synap tells of its arena.
import * as os from 'node:os';
import type { InfoField } from './info-sections.ts';
import {
  datasetPercentage,
  humanBytes,
  measureMemory,
  peakPercentage,
  ratio,
} from './memory-report.ts';
import type { Services } from './services.ts';

/** The fields of INFO memory. */
export function memoryFields(server: Services): InfoField[] {
  const { config, keyspace } = server;
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
    ['allocator_allocated', memory.arenaUsed],
    ['allocator_active', memory.arenaActive],
    ...sized('total_system_memory', os.totalmem()),
    ...scriptFields(),
    ...sized('maxmemory', limit),
    ['maxmemory_policy', config.values['maxmemory-policy']],
    ['allocator_frag_ratio', ratio(memory.arenaActive, memory.arenaUsed).toFixed(2)],
    ['allocator_frag_bytes', memory.arenaActive - memory.arenaUsed],
    ['mem_fragmentation_ratio', ratio(memory.resident, memory.used).toFixed(2)],
    ['mem_fragmentation_bytes', memory.resident - memory.used],
    ['mem_not_counted_for_evict', 0],
    ['mem_replication_backlog', 0],
    ['mem_total_replication_buffers', 0],
    ['mem_clients_slaves', 0],
    ['mem_clients_normal', server.clientMemory.bytes],
    ['mem_cluster_links', 0],
    ['mem_aof_buffer', 0],
    ['mem_allocator', 'synap-arena'],
    ['lazyfree_pending_objects', keyspace.pendingKeys],
    ['lazyfreed_objects', keyspace.stats.lazyFreed],
    ['arena_used', memory.arenaUsed],
    ['arena_reserved', memory.arenaReserved],
    ['arena_external', memory.external],
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

function sized(name: string, sizeBytes: number): InfoField[] {
  return [
    [name, sizeBytes],
    [`${name}_human`, humanBytes(sizeBytes)],
  ];
}
