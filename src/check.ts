#!/usr/bin/env node
// The program `synap-check`: verifies a log's directory, or a single file, and repairs it if asked to.

import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { baseChecker } from './persistence/check/base-file.ts';
import { inspect, UNUSABLE, type Verdict } from './persistence/check/inspection.ts';
import { runFile as runAof, runDirectory } from './persistence/check/log-run.ts';
import { withLog } from './persistence/check/log-use.ts';
import { ProgressLine } from './persistence/check/progress-line.ts';
import { inspectFile } from './persistence/check/single-file.ts';
import { lockName } from './persistence/segments/log-directory.ts';

const USAGE = `Usage: synap-check [--fix] [--name FILENAME] [--databases N] DIRECTORY
       synap-check [--fix] [--databases N] FILE

Verifies the write-ahead log in DIRECTORY (appenddirname): the manifest, every key of every base and
its checksum, and every group of every increment by its checksum. Or a FILE: a snapshot (dump.rdb), or
the one AOF file of Redis before version 7. What is sound is run as at a start, in memory. Prints what it
finds. The server must not be running: --fix is refused while one has the log.

  --fix            repairs it, and deletes nothing:
                   - the log is cut at the last group before the damage, and an AOF file at its last
                     whole command; what is cut is kept beside it, in files that end in .torn-OFFSET
                   - a damaged base leaves the log and is renamed to NAME.damaged; the log then begins
                     with the newest base that is sound
                   - what is of no use without a base that is gone is renamed to NAME.dropped
                   - a manifest that is missing or damaged is made anew from the files; the damaged
                     one is kept as NAME.damaged
  --name FILENAME  appendfilename, if it is not appendonly.aof
  --databases N    databases of the server, if it has not 16
  --help           this text

Each line of the output tells of one thing:
  in use by a server ...           what it writes meanwhile may look like damage
  manifest: ...                    whose log it is; on the next line, of how many files
  NAME: base ...                   a base: its offset, what is in it, sound or what is wrong with it
  NAME: offsets A to B ...         an increment: the part of the log that it has
  NAME: not part of the log        a file that the manifest does not name
  damage: ..., torn end: ...       where the log cannot be read on, and why
  the server would start from ...  where it cannot begin with the newest base
  repaired: ...                    what --fix has done
  fails: NAME, byte N: ...         a command that is answered with an error when it is run; the server
                                   reports it and goes on, as Redis does
  run: ...                         how many commands were run, and how many of them fail
  the server does not start ...    what it refuses: a command that it does not know, for example
  all is well, or: there is damage that is not repaired

Exit code: 0 all is well, or repaired; 1 there is damage; 2 it could not be checked.
`;

/** Redis's tool is given the manifest instead of its directory. */
const MANIFEST = '.manifest';

interface Options {
  readonly name: string;
  readonly fix: boolean;
  readonly databases: number;
}

// Who reads the output may have seen enough (`synap-check … | head`): a repair that has begun goes on to
// its end, and the exit code is that of the whole check.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await run(process.argv.slice(2));

async function run(args: string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        fix: { type: 'boolean', default: false },
        name: { type: 'string', default: 'appendonly.aof' },
        databases: { type: 'string', default: '16' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    if (positionals.length !== 1)
      throw new Error(`one directory or file must be named\n\n${USAGE}`);
    const databases = Number(values.databases);
    if (!Number.isInteger(databases) || databases < 1) {
      throw new Error(`--databases is a number of databases, not '${values.databases}'`);
    }
    return await check(positionals[0], { ...values, databases });
  } catch (error) {
    process.stderr.write(`synap-check: ${error instanceof Error ? error.message : error}\n`);
    return UNUSABLE;
  }
}

async function check(path: string, { fix, name, databases }: Options): Promise<Verdict> {
  const line = new ProgressLine((text) => void process.stderr.write(text));
  const print = (text: string): void => {
    line.clear();
    process.stdout.write(`${text}\n`);
  };
  const isWatched = process.stderr.isTTY;
  const onProgress = isWatched ? line.update.bind(line) : () => {};
  const checkBase = baseChecker(onProgress);
  try {
    const checkLog = (directory: string, baseName: string) =>
      withLog(join(directory, lockName(baseName)), fix, print, () =>
        inspect(directory, {
          ...{ fix, print, onProgress, checkBase, baseName },
          runLog: (files) => runDirectory(directory, baseName, { databases, files }),
        }),
      );
    if (statSync(path).isDirectory()) return await checkLog(path, name);
    if (path.endsWith(MANIFEST)) return await checkLog(dirname(path), basename(path, MANIFEST));
    const runFile = () => runAof(path, { databases, files: [path] });
    return await inspectFile(path, { fix, print, onProgress, runFile });
  } finally {
    line.clear();
  }
}
