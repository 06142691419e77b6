// Runs in front of every test file: what Node warns of while its tests run (a timer without a time, a function
// that will go, listeners that pile up) is a failure of the file.
import { afterAll, expect } from 'vitest';

const warnings: string[] = [];
process.on('warning', (warning) => warnings.push(warning.stack ?? String(warning)));

afterAll(() => expect(warnings).toEqual([]));
