// Whose manifest it is that lies in a log's directory, on a disk that takes its time: what others ask meanwhile.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type FileSystem, realFileSystem } from '../../../src/persistence/segments/file-system.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { LostLogError } from '../../../src/persistence/segments/lost-log-error.ts';
import { ownDirectory } from '../../support/own-directory.ts';

const MANIFEST = 'appendonly.aof.manifest';

test('a manifest that is being replaced is the own one at each step, and no other is', async () => {
  const path = ownDirectory();
  const steps: Error[] = [];
  let ask = () => {};
  const fs: FileSystem = {
    ...realFileSystem,
    // A file that is whole, or the directory that has it by then.
    async sync(fd) {
      ask();
      await realFileSystem.sync(fd);
      ask();
    },
  };
  const directory = LogDirectory.read(path, 'appendonly.aof', fs);
  let asked = 0;
  ask = () => {
    asked++;
    try {
      directory.requireOwn();
    } catch (error) {
      steps.push(error as Error);
    }
  };
  const segment = { name: 'appendonly.aof.1.incr.aof', seq: 1, start: 0 };
  await directory.update((manifest) => ({ ...manifest, segments: [segment] }));
  await directory.update((manifest) => ({ ...manifest, segments: [] }));
  expect(asked).toBe(8);
  expect(steps).toEqual([]);
  ask = () => {};
  writeFileSync(join(path, MANIFEST), 'of another server');
  expect(() => directory.requireOwn()).toThrow(LostLogError);
});
