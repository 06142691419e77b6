// Keeps the parts of a server equal to its configuration: each directive that takes effect while
// the server runs has its line here, applied at the start and after every CONFIG SET of it.
import type { DirectiveName, Values } from './config/directives.ts';
import { logLevelOf } from './logger.ts';
import type { Server } from './server.ts';

type Apply = (server: Server, values: Values) => void;

/** Slow log thresholds below this make every command be timed by itself, in µs. */
const TIMED_TOGETHER_US = 1000;

/** What to do, by the directives that it depends on. */
const APPLICATIONS: readonly (readonly [names: readonly DirectiveName[], apply: Apply])[] = [
  [['timeout'], (server, values) => (server.idleTimeoutMs = values.timeout * 1000)],
  [['hz'], (server, values) => server.background.setFrequency(values.hz)],
  [
    ['active-expire-effort'],
    (server, values) => (server.expiryEffort = values['active-expire-effort']),
  ],
  [['loglevel'], (server, values) => (server.log.level = logLevelOf(values.loglevel))],
  [['maxmemory'], (server, values) => server.setMaxMemory(values.maxmemory)],
  [
    ['maxmemory-clients', 'maxmemory'],
    (server, values) => server.setMaxClientMemory(values['maxmemory-clients'], values.maxmemory),
  ],
  [['maxmemory-policy'], (server, values) => server.eviction.setPolicy(values['maxmemory-policy'])],
  [
    ['maxmemory-samples'],
    (server, values) => (server.eviction.samples = values['maxmemory-samples']),
  ],
  [
    ['maxmemory-eviction-tenacity'],
    (server, values) => (server.evictionTenacity = values['maxmemory-eviction-tenacity']),
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
    (server, values) => (server.queryLimitBytes = values['client-query-buffer-limit']),
  ],
  [
    ['client-output-buffer-limit'],
    (server, values) => (server.outputLimits = values['client-output-buffer-limit']),
  ],
  [
    ['slowlog-log-slower-than', 'latency-monitor-threshold'],
    (server, values) => {
      const thresholdUs = values['slowlog-log-slower-than'];
      server.slowLog.slowerThanUs = thresholdUs;
      server.latency.thresholdMs = values['latency-monitor-threshold'];
      server.dispatcher.timesEach =
        (thresholdUs >= 0 && thresholdUs < TIMED_TOGETHER_US) || server.latency.thresholdMs > 0;
    },
  ],
  [['slowlog-max-len'], (server, values) => (server.slowLog.maxLength = values['slowlog-max-len'])],
  [
    ['latency-tracking'],
    (server, values) => (server.dispatcher.latencyTracking = values['latency-tracking']),
  ],
];

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
}
