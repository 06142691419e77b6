// How many clients the process may have at a time as far as the system is concerned: each takes a
// file descriptor. Node raises the soft limit to the hard one by itself, and reports neither.
import { readFileSync } from 'node:fs';

/** Descriptors that the server needs for other things than clients; so many does Redis set aside. */
export const RESERVED_DESCRIPTORS = 32;

/** Most clients at a time; Infinity where the system sets no limit or does not report it. */
export function maxClientsOfSystem(): number {
  return maxClientsOf(readLimits());
}

/** @param limits what Linux shows in /proc/PID/limits, or '' where it is unknown */
export function maxClientsOf(limits: string): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft) - RESERVED_DESCRIPTORS;
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // Only Linux reports it; elsewhere a connection too many fails when it is accepted.
    return '';
  }
}
