// A log as a server leaves it behind: two generations, each with a base that tells its offset and its
// log, and the increments since.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { baseChecker } from '../../../src/persistence/check/base-file.ts';
import { inspect, type Verdict } from '../../../src/persistence/check/inspection.ts';
import { installBase } from '../../../src/persistence/segments/generations.ts';
import type { LogOptions } from '../../../src/persistence/segments/log-options.ts';
import { append, BASE_NAME, command, newLog, rotate } from '../logs.ts';
import { load, save } from '../rdb/loading.ts';
import { fileOf, rdbString } from '../rdb/payloads.ts';

/** Bytes of the stream between two bases. */
export const SPAN = 175;
const GROUPS = 5;

/** The files of the log, as `makeLog` leaves them. */
export const BASE_1 = `${BASE_NAME}.1.base.rdb`;
export const BASE_2 = `${BASE_NAME}.2.base.rdb`;
export const INCR_2 = `${BASE_NAME}.2.incr.aof`;
export const INCR_3 = `${BASE_NAME}.3.incr.aof`;
export const MANIFEST = `${BASE_NAME}.manifest`;

/** All of one length, so that all groups are. */
const keyOf = (i: number) => `k:${String(i).padStart(3, '0')}`;

/** A snapshot with so many keys. */
export function snapshotOf(
  count: number,
  facts: { offset?: number; replicationId?: string } = {},
): Buffer {
  const keys: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    keys.push(Buffer.from([0]), rdbString(keyOf(i)), rdbString('value'));
  }
  const { keyspace } = load(fileOf(Buffer.concat(keys)));
  return save(keyspace, {}, { ...facts, isLogBase: true }).file;
}

/**
 * Makes the log: a base of offset 175, an increment up to 350, a base of offset 350, an increment up to
 * 525. Five keys are set in each increment, a group each.
 * @param options how the log is written
 * @returns the stream from offset 0 on
 */
export async function makeLog(path: string, options: Partial<LogOptions> = {}): Promise<Buffer> {
  const log = await newLog(path, options);
  const stream: Buffer[] = [];
  for (let seq = 1; seq <= 3; seq++) {
    for (let i = 0; i < GROUPS; i++) {
      const group = command('SET', keyOf((seq - 1) * GROUPS + i), 'value');
      stream.push(group);
      append(log, group);
      await log.flush();
    }
    if (seq === 3) break;
    const offset = await rotate(log);
    const { replicationId } = log.directory.manifest;
    const name = log.directory.baseFileName(seq, false);
    writeFileSync(join(path, name), snapshotOf(seq * GROUPS, { offset, replicationId }));
    await installBase(log.directory, { name, seq, offset }, 2);
    await log.directory.deleteHistory();
  }
  await log.close();
  return Buffer.concat(stream);
}

/** Runs the check; resolves with what it prints, and its verdict. */
export async function inspected(
  path: string,
  fix = false,
): Promise<{ verdict: Verdict; lines: string[]; text: string }> {
  const lines: string[] = [];
  const verdict = await inspect(path, {
    baseName: BASE_NAME,
    fix,
    checkBase: baseChecker(() => {}),
    print: (line) => void lines.push(line),
  });
  return { verdict, lines, text: lines.join('\n') };
}
