// What `synap-check` does with a single file: an RDB file (dump.rdb), or the one AOF file of Redis before 7, with or
// without a snapshot in front. Like redis-check-rdb and redis-check-aof, it reports where the damage is; repairing
// cuts an AOF file at its last whole command, and keeps a copy.
import { basename } from 'node:path';
import { cutFile } from '../recovery/repair.ts';
import { realFileSystem } from '../segments/file-system.ts';
import type { InspectionProgress } from './base-check.ts';
import { textOf } from './contents-text.ts';
import { type FileContents, readContents } from './file-contents.ts';
import { conclude, type RunReport, type Verdict } from './inspection.ts';

export interface FileOptions {
  readonly fix: boolean;
  /** Told each line of the report. */
  print(line: string): void;
  readonly onProgress: InspectionProgress;
  /** Runs the commands of a complete AOF file; without it they are only read. */
  readonly runFile?: () => Promise<RunReport>;
}

/**
 * Checks a file.
 * @throws the system's error
 */
export async function inspectFile(path: string, options: FileOptions): Promise<Verdict> {
  const { fix, print, onProgress } = options;
  const name = basename(path);
  const kind = /\.rdb(\.lz4)?$/.test(name) ? 'snapshot' : 'commands';
  const contents = await readContents(path, { kind, name, onProgress });
  const { damage, sizeBytes } = contents;
  print(`${name}: ${sizeBytes} bytes, ${textOf(contents)}`);
  if (damage === undefined) {
    const { restBytes = 0 } = contents.snapshot ?? {};
    if (restBytes > 0) print(`${name}: the ${restBytes} bytes after its end are ignored`);
    return run(contents, options);
  }
  const end = damage.position;
  print(`damage: ${name}, byte ${end}: ${damage.reason}`);
  if (!fix) return conclude(false, print);
  const obstacle = obstacleTo(contents);
  if (obstacle !== undefined) {
    print(`this cannot be repaired: ${obstacle}`);
    return conclude(false, print);
  }
  const copy = await cutFile(realFileSystem, path, end, `.torn-${end}`);
  print(`repaired: ${name} ends at byte ${end}; what was cut is in ${copy}`);
  const again = await readContents(path, { kind, name, onProgress });
  return again.damage === undefined ? run(again, options) : conclude(false, print);
}

/** Runs the commands of a complete file, and ends the report. */
async function run({ commands }: FileContents, { runFile, print }: FileOptions): Promise<Verdict> {
  // A file with groups is an increment of a log: the data that its commands change is in other files.
  if (runFile === undefined || commands === undefined || commands.hasGroups) {
    return conclude(true, print);
  }
  const { lines, starts } = await runFile();
  for (const line of lines) print(line);
  return conclude(starts, print);
}

/** Why a file cannot be cut. */
function obstacleTo({ commands, damage }: FileContents): string | undefined {
  if (commands === undefined) return 'a snapshot is of no use without what is behind the damage';
  if (commands.hasGroups) return 'it is part of a log: check the directory that it is in';
  return damage?.position === 0 ? 'nothing in it is whole' : undefined;
}
