// What the server reports about its own work, and about changes to data.
import { section } from '../directive.ts';
import { eventClasses, percentiles } from '../kinds/lists.ts';
import { integer, LONG_MAX } from '../kinds/numbers.ts';
import { yesNo } from '../kinds/scalars.ts';

export const observability = section('observability', 'Observability', {
  'slowlog-log-slower-than': {
    kind: integer({ min: -1, max: LONG_MAX }),
    default: '10000',
    status: 'active',
    doc: 'Microseconds beyond which a command enters the slow log. `0` logs every command, `-1` none.',
  },
  'slowlog-max-len': {
    kind: integer({ min: 0, max: LONG_MAX }),
    default: '128',
    status: 'active',
    doc: 'Entries that the slow log keeps.',
  },
  'latency-monitor-threshold': {
    kind: integer({ min: 0, max: LONG_MAX }),
    default: '0',
    status: 'active',
    doc: 'Milliseconds beyond which an event is kept for LATENCY. `0` keeps none.',
  },
  'latency-tracking': {
    kind: yesNo(),
    default: 'yes',
    status: 'active',
    doc: 'Keep a histogram of the time that each command takes, for INFO and LATENCY HISTOGRAM.',
  },
  'latency-tracking-info-percentiles': {
    kind: percentiles(),
    default: '50 99 99.9',
    status: 'active',
    doc: 'Percentiles of those histograms that INFO shows.',
  },
  'notify-keyspace-events': {
    kind: eventClasses(),
    default: '',
    status: 'active',
    doc: 'Events of keys that are published: `K` and `E` choose the channels (by key, by event), the other letters the events, `A` nearly all of them. Empty publishes none.',
  },
  'tracking-table-max-keys': {
    kind: integer({ min: 0, max: LONG_MAX }),
    default: '1000000',
    status: 'active',
    doc: 'Keys that are remembered for the caches of clients. `0` sets no limit.',
  },
});
