// The checksums of a log, held to another implementation of CRC32 than the one that computes them (the package
// crc-32): of groups, with a time stamp in front or without, of groups written slice by slice, and of the manifest.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as crc32 from 'crc-32';
import { expect, test } from 'vitest';
import { OverflowBlocks } from '../../../src/memory/overflow-blocks.ts';
import { PinnedBytes } from '../../../src/memory/pinned-bytes.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { append, command, newLog, ticking } from '../logs.ts';

const MIB = 1024 * 1024;
const FIRST = 'appendonly.aof.1.incr.aof';
const ANNOTATION =
  /(#TS:\d+\r\n)?(#SG1 [0-9a-f]{14} ([0-9a-f]{8}) [0-9a-f]{14} ([0-9a-f]{8}) )([0-9a-f]{8})\r\n/y;

/** As it is written: eight hexadecimal digits. */
function oracle(bytes: Uint8Array): string {
  return (crc32.buf(bytes) >>> 0).toString(16).padStart(8, '0');
}

/** The lengths of the groups of a file, each of which has the checksums that the oracle says. */
function checkedGroups(file: Buffer): number[] {
  const text = file.toString('latin1');
  const lengths: number[] = [];
  for (let at = 0; at < file.length; ) {
    ANNOTATION.lastIndex = at;
    const found = ANNOTATION.exec(text);
    if (found === null) throw new Error(`there is no annotation at ${at}`);
    const [line, stamp = '', head, digits, bodyCrc, ownCrc] = found;
    const length = Number.parseInt(digits, 16);
    const start = at + line.length;
    expect(bodyCrc).toBe(oracle(file.subarray(start, start + length)));
    expect(ownCrc).toBe(oracle(file.subarray(at, at + stamp.length + head.length)));
    lengths.push(length);
    at = start + length;
  }
  return lengths;
}

test('groups and manifest have the checksums of the oracle', async () => {
  const path = join(ownDirectory(), 'log');
  const log = await newLog(path, ticking(700));
  const bodies = [1, 3, 4, 5, 31, 64, 1000, 70_000].map((length) =>
    command('SET', 'key', Buffer.alloc(length, length)),
  );
  for (const body of bodies) append(log, body);
  await log.flush();
  const blocks = new OverflowBlocks();
  const large = blocks.get(blocks.allocate(3 * MIB + 5));
  for (let i = 0; i < large.length; i += 7) large[i] = i;
  const whole = command('SET', 'large', large);
  const pin = new PinnedBytes(large);
  blocks.pin(pin);
  log.append(whole, 0, whole.length - large.length - 2);
  log.appendPinned(pin);
  log.append(Buffer.from('\r\n'), 0, 2);
  log.commit();
  await log.close();
  const file = readFileSync(join(path, FIRST));
  expect(file.includes('#TS:')).toBe(true);
  expect(checkedGroups(file)).toEqual([...bodies, whole].map(({ length }) => length));

  const manifest = readFileSync(join(path, 'appendonly.aof.manifest'), 'latin1');
  const [, told] = /^#.*\b([0-9a-f]{8})\n/m.exec(manifest) ?? [];
  const rest = manifest.replace(/^#[^\n]*\b[0-9a-f]{8}\n/m, '');
  expect(told).toBe(oracle(Buffer.from(rest, 'latin1')));
});
