// Groups that are closed while one before them is being written: each is a group by itself, in its order,
// whatever fails.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/running-server.ts';
import { command, newLog, readLog } from '../logs.ts';

let directory: { path: string; remove(): void };
let path: string;

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory.path, 'log');
});

afterEach(() => directory.remove());

const SET = command('SET', 'key', 'v'.repeat(100));

test('they follow one another, and nothing is lost when the log is closed at once', async () => {
  for (const isFlushed of [true, false]) {
    const log = await newLog(`${path}${isFlushed}`);
    const starts: number[] = [];
    for (let i = 0; i < 5; i++) {
      starts.push(log.offset);
      expect(log.groupStart).toBe(log.offset);
      for (let k = 0; k <= i; k++) log.append(SET, 0, SET.length);
      log.closeGroup();
      log.closeGroup();
      if (i === 2) log.commit();
    }
    starts.push(log.offset);
    log.append(SET, 0, SET.length);
    if (isFlushed) await log.flush();
    await log.close();
    const found = await readLog(`${path}${isFlushed}`);
    expect(found.starts).toEqual(starts);
    expect(found.bytes).toEqual(Buffer.concat(Array.from({ length: 16 }, () => SET)));
  }
});
