// MEMORY DOCTOR: what an operator should look into, judged by the figures of memory-report.ts.
import { humanBytes, type MemoryReport } from './memory-report.ts';

const MIB = 1024 * 1024;
/** With less data the constant costs of a process outweigh everything. */
const TOO_LITTLE_BYTES = 5 * MIB;
const LARGE_PEAK = 1.5;
const FRAGMENTED = 1.4;
const FRAGMENTED_BYTES = 10 * MIB;
const LARGE_CLIENT_BYTES = 200 * 1024;
const LARGE_HEAP_BYTES = 256 * MIB;
/** What the program itself may take. */
const PROGRAM_BYTES = 96 * MIB;

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
  const { used, peak, arenaUsed, arenaActive, clients, heapUsed } = memory;
  const problems: string[] = [];
  if (peak > used * LARGE_PEAK) {
    problems.push(
      `Past peak: ${humanBytes(peak)} were in use once, ${humanBytes(used)} are now. Memory of ` +
        'that time may still be held by the process and will be used again.',
    );
  }
  if (arenaActive > arenaUsed * FRAGMENTED && arenaActive - arenaUsed > FRAGMENTED_BYTES) {
    problems.push(
      `Fragmentation: pages of ${humanBytes(arenaActive)} hold ${humanBytes(arenaUsed)} of ` +
        'blocks. The sizes of values have changed, and the room between them waits for others.',
    );
  }
  const expectedBytes = used + memory.heapReserved + PROGRAM_BYTES;
  if (memory.resident > expectedBytes * FRAGMENTED) {
    problems.push(
      `Resident memory: the process takes ${humanBytes(memory.resident)}, of which ` +
        `${humanBytes(expectedBytes)} are accounted for.`,
    );
  }
  if (clientCount > 0 && clients / clientCount > LARGE_CLIENT_BYTES) {
    problems.push(
      `Client buffers: ${clientCount} clients hold ${humanBytes(clients)}. Some read their replies ` +
        'too slowly or send very large requests; CLIENT LIST tells which (omem, qbuf).',
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
