import { onTestFinished } from 'vitest';
import { temporaryDirectory } from './running-server.ts';

/** A new directory for the test that runs, or is about to: removed after it and its hooks. */
export function ownDirectory(): string {
  const directory = temporaryDirectory();
  onTestFinished(() => directory.remove());
  return directory.path;
}
