// Runs in front of every test file: what Node warns of while its tests run (a timer without a time, a function
// that will go, listeners that pile up) is a failure of the file. Files may share a process: one listener is
// enough for all of them.
import { afterAll, expect } from 'vitest';

const SEEN = Symbol.for('synap test warnings');
const shared = globalThis as unknown as Record<symbol, string[] | undefined>;
const warnings = shared[SEEN] ?? listen();

function listen(): string[] {
  const seen: string[] = [];
  shared[SEEN] = seen;
  process.on('warning', (warning) => seen.push(warning.stack ?? String(warning)));
  return seen;
}

afterAll(() => expect(warnings.splice(0)).toEqual([]));
