// Keeps the parts of a server equal to its configuration: each directive that takes effect while
// the server runs has its line here, applied at the start or after every CONFIG SET of it.
import type { Outcome } from '../config/config.ts';
import type { DirectiveName, Values } from '../config/directives.ts';
import { maxClientsOfSystem } from '../net/descriptor-limit.ts';
import { hashesOf } from '../types/hash/values.ts';
import { chunkLimitsOf, listsOf } from '../types/list/values.ts';
import { setsOf } from '../types/set/set-tables.ts';
import { streamsOf } from '../types/stream/values.ts';
import { sortedSetsOf } from '../types/zset/values.ts';
import type { Server } from './server.ts';

type Apply = (server: Server, values: Values) => void;

/** Slow log thresholds below this make every command be timed by itself, in µs. */
const TIMED_TOGETHER_US = 1000;

/** What to do, by the directives that it depends on. */
const APPLICATIONS: readonly (readonly [names: readonly DirectiveName[], apply: Apply])[] = [
  [['timeout'], ({ rounds }, values) => (rounds.idleTimeoutMs = values.timeout * 1000)],
  [
    ['appendfsync', 'fsync-interval-ms', 'no-appendfsync-on-rewrite'],
    ({ wal }, values) => {
      wal.fsync = values;
    },
  ],
  [
    ['aof-timestamp-enabled'],
    ({ wal }, values) => {
      wal.tellsTime = values['aof-timestamp-enabled'];
    },
  ],
  [['hz'], (server, values) => server.background.setFrequency(values.hz)],
  [
    ['active-expire-effort'],
    ({ background }, values) => (background.expiryEffort = values['active-expire-effort']),
  ],
  [['save', 'stop-writes-on-bgsave-error'], ({ snapshots }) => snapshots.refresh()],
  [
    [
      ...(['activedefrag', 'active-defrag-ignore-bytes', 'active-defrag-max-scan-fields'] as const),
      ...(['active-defrag-threshold-lower', 'active-defrag-threshold-upper'] as const),
      ...(['active-defrag-cycle-min', 'active-defrag-cycle-max'] as const),
    ],
    ({ defrag }, values) => defrag.configure(values),
  ],
  [['loglevel'], (server, values) => (server.log.level = values.loglevel)],
  [['maxmemory'], ({ memoryLimit }, values) => (memoryLimit.limitBytes = values.maxmemory)],
  [
    ['maxmemory-clients', 'maxmemory'],
    ({ clientMemory }, values) => {
      const { isPercent, amount } = values['maxmemory-clients'];
      clientMemory.limitBytes = isPercent ? (values.maxmemory * amount) / 100 : amount;
    },
  ],
  [
    ['maxmemory-policy'],
    ({ memoryLimit }, values) => memoryLimit.eviction.setPolicy(values['maxmemory-policy']),
  ],
  [
    ['maxmemory-samples'],
    ({ memoryLimit }, values) => (memoryLimit.eviction.samples = values['maxmemory-samples']),
  ],
  [
    ['maxmemory-eviction-tenacity'],
    ({ memoryLimit }, values) => (memoryLimit.tenacity = values['maxmemory-eviction-tenacity']),
  ],
  [
    ['lfu-log-factor', 'lfu-decay-time'],
    ({ keyspace }, values) => {
      keyspace.access.logFactor = values['lfu-log-factor'];
      keyspace.access.decayMinutes = values['lfu-decay-time'];
    },
  ],
  [
    ['proto-max-bulk-len'],
    (server, values) => (server.decoder.maxBulkBytes = values['proto-max-bulk-len']),
  ],
  [
    ['client-query-buffer-limit'],
    ({ limits }, values) => (limits.queryBytes = values['client-query-buffer-limit']),
  ],
  [
    ['client-output-buffer-limit'],
    ({ limits }, values) => (limits.output = values['client-output-buffer-limit']),
  ],
  [
    ['slowlog-log-slower-than', 'latency-monitor-threshold'],
    (server, values) => {
      const thresholdUs = values['slowlog-log-slower-than'];
      server.slowLog.slowerThanUs = thresholdUs;
      server.latency.thresholdMs = values['latency-monitor-threshold'];
      server.dispatcher.timer.timesEach =
        (thresholdUs >= 0 && thresholdUs < TIMED_TOGETHER_US) || server.latency.thresholdMs > 0;
    },
  ],
  [
    ['tracking-table-max-keys'],
    (server, values) => (server.tracking.maxKeys = values['tracking-table-max-keys']),
  ],
  [
    ['list-max-listpack-size'],
    ({ keyspace }, values) => {
      listsOf(keyspace.entries).limits = chunkLimitsOf(values['list-max-listpack-size']);
    },
  ],
  [
    ['set-max-intset-entries', 'set-max-listpack-entries', 'set-max-listpack-value'],
    ({ keyspace }, values) => {
      setsOf(keyspace.entries).limits = {
        intsetEntries: values['set-max-intset-entries'],
        packedEntries: values['set-max-listpack-entries'],
        packedValueBytes: values['set-max-listpack-value'],
      };
    },
  ],
  [
    ['zset-max-listpack-entries', 'zset-max-listpack-value'],
    ({ keyspace }, values) => {
      sortedSetsOf(keyspace.entries).limits = {
        maxEntries: values['zset-max-listpack-entries'],
        maxBytes: values['zset-max-listpack-value'],
      };
    },
  ],
  [
    ['hash-max-listpack-entries', 'hash-max-listpack-value'],
    ({ keyspace }, values) => {
      hashesOf(keyspace.entries).limits = {
        maxFields: values['hash-max-listpack-entries'],
        maxBytes: values['hash-max-listpack-value'],
      };
    },
  ],
  [
    ['stream-node-max-bytes', 'stream-node-max-entries'],
    ({ keyspace }, values) => {
      streamsOf(keyspace.entries).entries.limits = {
        maxBytes: values['stream-node-max-bytes'],
        maxEntries: values['stream-node-max-entries'],
      };
    },
  ],
  [
    ['stream-hot-max-bytes'],
    ({ keyspace }, values) => {
      streamsOf(keyspace.entries).spilling.defaultBytes = values['stream-hot-max-bytes'];
    },
  ],
  [
    ['notify-keyspace-events'],
    ({ keyspace }, values) => keyspace.chooseEvents(values['notify-keyspace-events']),
  ],
  [['slowlog-max-len'], (server, values) => (server.slowLog.maxLength = values['slowlog-max-len'])],
  [
    ['latency-tracking'],
    (server, values) => (server.dispatcher.timer.recordsEach = values['latency-tracking']),
  ],
];

type Change = (server: Server, values: Values) => Outcome;

/** What to do at a change only, and why it cannot be done, in Redis's words. */
const CHANGES: readonly (readonly [names: readonly DirectiveName[], change: Change])[] = [
  [
    ['maxclients'],
    (_server, values) => {
      const possible = maxClientsOfSystem();
      if (values.maxclients <= possible) return undefined;
      return `The operating system is not able to handle the specified number of clients, try with ${possible}`;
    },
  ],
  [
    ['bind', 'port'],
    (server, { bind, port }) => {
      const isOtherPort = port !== server.listener.port;
      if (moveTo(server, port, bind)) return undefined;
      return isOtherPort
        ? 'Unable to listen on this port. Check server logs.'
        : 'Failed to bind to specified addresses.';
    },
  ],
  [
    ['aof-disable-auto-gc'],
    ({ wal }) => {
      wal.deleteHistory();
      return undefined;
    },
  ],
];

/**
 * Listens on other TCP addresses instead; clients stay connected.
 * @returns whether it does; otherwise everything is as it was
 */
function moveTo({ listener, log }: Server, port: number, addresses: readonly string[]): boolean {
  try {
    listener.move(port, addresses);
    return true;
  } catch (error) {
    log.warn({ err: error, port, addresses }, 'Cannot listen on other addresses');
    return false;
  }
}

/** Applies the configuration to a server, now and whenever it changes. */
export function follow(server: Server): void {
  const { config } = server;
  for (const [names, apply] of APPLICATIONS) {
    apply(server, config.values);
    config.onChange(names, (values) => {
      apply(server, values);
      return undefined;
    });
  }
  for (const [names, change] of CHANGES) config.onChange(names, (values) => change(server, values));
  // Answered when the log is complete: from then on nothing that is acknowledged is lost.
  config.onSlowChange(['appendonly'], ({ appendonly }) => server.wal.switchTo(appendonly));
}
