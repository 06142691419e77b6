// Runs a sound log as a server does at its start, and reports which of its commands fail: a server skips these, so
// its data may differ from what it was. All data is loaded into memory and then discarded; if memory may not
// suffice, the log is not run.
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { families } from '../../commands/index.ts';
import { loadConfig } from '../../config/load.ts';
import { CommandTable } from '../../core/command-table.ts';
import { type Failure, Replay } from '../../dispatch/replay.ts';
import { silentLogger } from '../../logging/logger.ts';
import { Server } from '../../server/server.ts';
import { GroupRunner } from '../log/group-runner.ts';
import { loadLog } from '../log/log-loading.ts';
import { hasPreamble, readAofFile } from '../recovery/aof-file.ts';
import { loadFile } from '../snapshots/snapshot-loading.ts';
import type { RunReport } from './inspection.ts';

/** Memory that the data may take per byte of the files. */
const MEMORY_FACTOR = 4;

/** What a run needs to know. */
export interface RunOptions {
  /** `databases` of the server. */
  readonly databases: number;
  /** Files that it reads; their sizes give an estimate of the memory. */
  readonly files: readonly string[];
  /** Available memory, in bytes. */
  readonly availableBytes?: number;
}

/**
 * Runs a log's directory.
 * @param baseName `appendfilename`
 */
export function runDirectory(
  path: string,
  baseName: string,
  options: RunOptions,
): Promise<RunReport> {
  return run(options, async (server, replay) => {
    const { log, keyspace, config } = server;
    const { values } = config;
    const host = { log, keyspace, values, isReadOnly: true, onProgress: () => {} };
    await loadLog(host, { path, baseName, dataPath: dirname(path) }, replay);
  });
}

/** Runs a single AOF file, maybe behind a snapshot. */
export function runFile(path: string, options: RunOptions): Promise<RunReport> {
  return run(options, async ({ keyspace, config }, replay) => {
    const runner = new GroupRunner(replay);
    const snapshot = (await hasPreamble(path))
      ? await loadFile(path, keyspace, config.values, () => {}, false)
      : undefined;
    await readAofFile(path, snapshot?.fileBytes ?? 0, {
      loadTruncated: false,
      onGroup: runner.run,
      onUnended: runner.check,
    });
  });
}

async function run(
  { databases, files, availableBytes = process.availableMemory() }: RunOptions,
  load: (server: Server, replay: Replay) => Promise<void>,
): Promise<RunReport> {
  const sizeBytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  if (sizeBytes * MEMORY_FACTOR > availableBytes) {
    const line = 'its commands were not run: that might take more memory than there is';
    return { lines: [line], starts: true };
  }
  const server = newServer(databases);
  // Nothing is saved, evicted or expires, whatever the configuration says.
  server.keyspace.isLoading = true;
  server.loading.begin({ startedMs: Date.now(), totalBytes: sizeBytes, loadedBytes: 0 });
  const failures: Failure[] = [];
  const replay = new Replay(server);
  replay.onFailure = (failure) => void failures.push(failure);
  let problem: string | undefined;
  try {
    await load(server, replay);
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  } finally {
    replay.close();
    await server.shutdown.close();
  }
  return { lines: linesOf(replay, failures, problem), starts: problem === undefined };
}

function linesOf(
  { commands, failures }: Replay,
  reported: readonly Failure[],
  problem: string | undefined,
): string[] {
  const lines = reported.map(
    ({ file, position, command, error }) =>
      `fails: ${file}, byte ${position}: ${command}: ${error}`,
  );
  if (failures > reported.length) lines.push(`fails: ${failures - reported.length} more`);
  lines.push(`run: ${commands} commands, of which ${failures} fail and are passed over`);
  if (problem !== undefined) lines.push(`the server does not start with it: ${problem}`);
  return lines;
}

/** A server that does not listen. */
function newServer(databases: number): Server {
  const settings = [
    { name: 'databases', words: [String(databases)], origin: 'synap-check' },
    // Reported already for the files.
    { name: 'load-skip-unknown', words: ['yes'], origin: 'synap-check' },
  ];
  const config = loadConfig({ settings });
  return new Server({
    config,
    log: silentLogger(),
    version: '',
    commands: new CommandTable(families),
  });
}
