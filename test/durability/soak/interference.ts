// What an operator, or a schedule, does to a running server: snapshots, rewrites of the log, other
// settings, at any moment.
import type { Random } from '../../support/random.ts';
import type { RawClient } from '../../support/raw-client.ts';
import { isError, textOf } from '../../support/reply-frames.ts';

/** Errors that say that the moment was wrong, which is as it should be. */
const WRONG_MOMENT = /already in progress|Another child process is active/;

/** Settings that may change at any time, and values of which one is chosen. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  appendfsync: ['always', 'everysec', 'no'],
  save: ['', '1 1', '900 1 300 10'],
  'list-max-listpack-size': ['-2', '4', '128'],
  'stream-hot-max-bytes': ['0', '1kb'],
  hz: ['10', '100'],
  'maxmemory-clients': ['20mb', '64mb'],
  'notify-keyspace-events': ['', 'KEA'],
  'slowlog-log-slower-than': ['0', '10000'],
  'slowlog-max-len': ['1', '128', '100000'],
  'latency-monitor-threshold': ['0', '1'],
  'latency-tracking': ['yes', 'no'],
  'tracking-table-max-keys': ['100', '1000000'],
  'snapshot-compression': ['yes', 'no'],
  'no-appendfsync-on-rewrite': ['yes', 'no'],
  'aof-timestamp-enabled': ['yes', 'no'],
  'auto-aof-rewrite-percentage': ['0', '100'],
  rdbcompression: ['yes', 'no'],
  'client-query-buffer-limit': ['1mb', '1gb'],
  activedefrag: ['yes', 'no'],
};

/** So many keys that snapshots take longer than the time to the next FLUSHALL. */
const BALLAST = ['DEBUG', 'POPULATE', '20000', 'ballast', '200'];

const COMMANDS: readonly (readonly string[])[] = [
  BALLAST,
  ['BGSAVE'],
  ['BGSAVE', 'SCHEDULE'],
  ['SAVE'],
  ['BGREWRITEAOF'],
  ['MEMORY', 'PURGE'],
  ['CONFIG', 'RESETSTAT'],
  ['CONFIG', 'GET', '*'],
  ['INFO', 'everything'],
  ['CLIENT', 'LIST'],
];

/** Where the connection that interferes must be: nobody else's database, as its keys are not logged. */
export const BALLAST_DATABASE = 15;

/**
 * Does one of these things; which one, it returns.
 * @throws Error when the server refuses it for another reason than that something else is going on
 */
export async function interfere(control: RawClient, random: Random): Promise<string> {
  const command = random.chance(0.5) ? random.pick(COMMANDS) : chosenSetting(random);
  const reply = await control.command(...command);
  if (isError(reply) && !WRONG_MOMENT.test(textOf(reply))) {
    throw new Error(`${command.join(' ')}: ${textOf(reply)}`);
  }
  return command.slice(0, 3).join(' ');
}

function chosenSetting(random: Random): readonly string[] {
  const [name, values] = random.pick(Object.entries(SETTINGS));
  return ['CONFIG', 'SET', name, random.pick(values)];
}
