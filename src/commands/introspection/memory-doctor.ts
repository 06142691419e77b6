// MEMORY DOCTOR: problems that an operator should look into, judged by the figures of memory-report.ts.
import { humanBytes, type MemoryReport } from './memory-report.ts';

const MIB = 1024 * 1024;
/** With less data the constant costs of a process outweigh everything. */
const TOO_LITTLE_BYTES = 5 * MIB;
const LARGE_PEAK = 1.5;
/** Smaller overheads than these, by ratio or in bytes, are no problem. */
const LARGE_OVERHEAD = 1.1;
const LARGE_OVERHEAD_BYTES = 10 * MIB;
const LARGE_CLIENT_BYTES = 200 * 1024;
const LARGE_HEAP_BYTES = 256 * MIB;
/** Memory that the program itself may take. */
const PROGRAM_BYTES = 64 * MIB;

/** The report on the memory of a server with so many clients. */
export function diagnoseMemory(memory: MemoryReport, clientCount: number): string {
  if (memory.used < TOO_LITTLE_BYTES) {
    return `Only ${humanBytes(memory.used)} are in use: too little to judge by.\n`;
  }
  const problems = findProblems(memory, clientCount);
  if (problems.length === 0) return 'No problem was found with the memory of this server.\n';
  return `Problems were found with the memory of this server:\n\n * ${problems.join('\n\n * ')}\n`;
}

/** The problems, each in a sentence or two. */
function findProblems(memory: MemoryReport, clientCount: number): string[] {
  const { used, peak, allocated, active, allocatorResident, resident, clients, heapUsed } = memory;
  const problems: string[] = [];
  if (peak > used * LARGE_PEAK) {
    problems.push(
      `Past peak: ${humanBytes(peak)} were in use once, ${humanBytes(used)} are now. What it left ` +
        'behind goes back to the system within seconds; MEMORY PURGE does it at once.',
    );
  }
  if (isLarge(active, allocated)) {
    problems.push(
      `Fragmentation: ${humanBytes(active)} hold ${humanBytes(allocated)} of data. Values came and ` +
        'went, and the room between the others waits for new ones of their sizes; ' +
        'CONFIG SET activedefrag yes has it closed up.',
    );
  }
  if (isLarge(allocatorResident, active)) {
    problems.push(
      `Free memory: ${humanBytes(allocatorResident - active)} of it is not given back to the ` +
        'system yet. It is within seconds, unless it is used again; MEMORY PURGE does it at once.',
    );
  }
  const expected = allocatorResident + clients + memory.heapReserved + PROGRAM_BYTES;
  if (isLarge(resident, expected)) {
    problems.push(
      `Resident memory: the process takes ${humanBytes(resident)}, of which ` +
        `${humanBytes(expected)} are accounted for. MEMORY PURGE gives back what can be.`,
    );
  }
  if (clientCount > 0 && clients / clientCount > LARGE_CLIENT_BYTES) {
    problems.push(
      `Client buffers: ${clientCount} clients hold ${humanBytes(clients)}. Some read their replies ` +
        'too slowly or send very large requests; CLIENT LIST shows which (omem, qbuf).',
    );
  }
  if (heapUsed > LARGE_HEAP_BYTES && heapUsed > used) {
    problems.push(
      `JavaScript heap: ${humanBytes(heapUsed)}, more than the data. Data is not kept there, so ` +
        'collections take longer than they should; DEBUG JMAP writes a snapshot to look into.',
    );
  }
  return problems;
}

function isLarge(taken: number, needed: number): boolean {
  return taken > needed * LARGE_OVERHEAD && taken - needed > LARGE_OVERHEAD_BYTES;
}
