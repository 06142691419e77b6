// What a server makes of a log that somebody wrote: whether it starts, and with which data. For comparing
// Redis and Synap on the same bytes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SynapServer, startServer } from '../../src/index.ts';
import { Process } from '../durability/process.ts';
import { groupsText } from '../durability/stream-groups.ts';
import { RawClient } from './raw-client.ts';
import { itemsOf, textOf } from './reply-frames.ts';
import { temporaryDirectory } from './running-server.ts';

/** The log's files by name; '' for a log of one increment that is a text of commands. */
export type LogFiles = Readonly<Record<string, Buffer | string>>;
export type Program = 'redis' | 'synap';

/** What a start came to. */
export interface Outcome {
  readonly hasStarted: boolean;
  /** DEBUG DIGEST; '' without a start. */
  readonly digest: string;
  /** Groups of streams, of which the digest has nothing, by database and name of the key. */
  readonly groups: ReadonlyMap<string, string>;
  /** The keys that expire, by database and name, and when, in ms since the epoch. */
  readonly expiries: ReadonlyMap<string, number>;
  /** Commands that were answered with an error (INFO's unexpected_error_replies). */
  readonly failures: number;
  /** What the server has said when it did not start. */
  readonly reason: string;
  /** The data as a snapshot of the server's; empty without a start. */
  readonly snapshot: Buffer;
  /** The value of a directive. */
  config(name: string): string | undefined;
}

const FOLDER = 'appendonlydir';
const INCREMENT = 'appendonly.aof.1.incr.aof';
const NOT_STARTED: Omit<Outcome, 'reason'> = {
  ...{ hasStarted: false, digest: '', groups: new Map(), expiries: new Map(), failures: 0 },
  ...{ snapshot: Buffer.alloc(0), config: () => undefined },
};
const DATABASES = 4;
const TIMEOUT_MS = 20_000;

/** The files of a log that is one increment. */
export function oneIncrement(bytes: Buffer): LogFiles {
  return {
    [INCREMENT]: bytes,
    'appendonly.aof.manifest': `file ${INCREMENT} seq 1 type i\n`,
  };
}

/**
 * Has a program load a log, and asks it what there is.
 * @param afterwards called with the directory when the program has ended
 */
export async function replay(
  program: Program,
  files: LogFiles,
  options: Readonly<Record<string, string>> = {},
  afterwards: (dir: string) => Promise<void> = async () => {},
): Promise<Outcome> {
  const directory = temporaryDirectory();
  try {
    mkdirSync(join(directory.path, FOLDER));
    for (const [name, bytes] of Object.entries(files)) {
      writeFileSync(join(directory.path, FOLDER, name), bytes);
    }
    const server = await start(program, directory.path, options);
    if (server instanceof Error) return { ...NOT_STARTED, reason: server.message };
    try {
      return await look(server.port, directory.path);
    } catch (error) {
      // Redis may have run a command with what is behind its arguments, and die of that later.
      if (program === 'redis' && error instanceof Error) {
        return { ...NOT_STARTED, reason: error.message };
      }
      throw error;
    } finally {
      await server.stop();
      await afterwards(directory.path);
    }
  } finally {
    directory.remove();
  }
}

/**
 * Starts Synap on the log that it has loaded before, writes, and starts it once more.
 * @returns what was there before the second start, and after it
 */
export async function writeAndRestart(dir: string): Promise<readonly [string, string]> {
  const digests: string[] = [];
  for (const isLast of [false, true]) {
    const server = await start('synap', dir, {});
    if (server instanceof Error) throw server;
    const client = await RawClient.connect(server.port, TIMEOUT_MS);
    if (!isLast) {
      await client.command('SELECT', '3');
      await client.command('APPEND', 'one more', 'write');
    }
    digests.push(textOf(await client.command('DEBUG', 'DIGEST')));
    await client.close();
    await server.stop();
  }
  return [digests[0], digests[1]];
}

async function start(
  program: Program,
  dir: string,
  options: Readonly<Record<string, string>>,
): Promise<{ port: number; stop(): Promise<unknown> } | Error> {
  try {
    if (program === 'redis') {
      const quick = { 'crash-memcheck-enabled': 'no', ...options };
      const flags = Object.entries(quick).flatMap(([name, value]) => [`--${name}`, value]);
      const redis = await Process.startRedis(dir, flags);
      return { port: redis.port, stop: () => redis.kill() };
    }
    const synap: SynapServer = await startServer({
      ...{ port: 0, dir, appendonly: 'yes', save: '', 'enable-debug-command': 'yes' },
      ...{ logfile: join(dir, 'log'), ...options },
    });
    return { port: synap.port, stop: () => synap.close() };
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

async function look(port: number, dir: string): Promise<Outcome> {
  const client = await RawClient.connect(port, TIMEOUT_MS);
  try {
    const ask = async (...words: string[]) => textOf(await client.command(...words));
    const info = await ask('INFO', 'stats');
    const failures = Number(/^unexpected_error_replies:(\d+)/m.exec(info)?.[1]);
    const expiries = new Map<string, number>();
    const groups = new Map<string, string>();
    for (let database = 0; database < DATABASES; database++) {
      await ask('SELECT', String(database));
      const keys = itemsOf(await client.command('KEYS', '*')).map(textOf);
      for (const key of keys) {
        // Deletes it if its time is over.
        const timeMs = Number(await ask('PEXPIRETIME', key));
        if (timeMs >= 0) expiries.set(`${database} ${key}`, timeMs);
        if ((await ask('TYPE', key)) !== 'stream') continue;
        const info = await client.command('XINFO', 'STREAM', key, 'FULL', 'COUNT', '0');
        groups.set(`${database} ${key}`, groupsText(info, false));
      }
    }
    const digest = await ask('DEBUG', 'DIGEST');
    const words = itemsOf(await client.command('CONFIG', 'GET', '*')).map(textOf);
    const config = (name: string) => words[words.indexOf(name) + 1];
    await ask('SAVE');
    const snapshot = readFileSync(join(dir, 'dump.rdb'));
    const data = { digest, groups, expiries, snapshot };
    return { hasStarted: true, ...data, failures, reason: '', config };
  } finally {
    await client.close();
  }
}
