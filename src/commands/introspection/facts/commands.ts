// INFO commandstats, errorstats and latencystats: what was counted of commands and errors.
import type { CommandStats } from '../../../core/command.ts';
import type { Services } from '../../../core/services.ts';
import {
  counter,
  digits,
  type Fact,
  type FamilyReadings,
  gauge,
  section,
  valuesOf,
} from '../../../telemetry/fact.ts';

type Member = FamilyReadings['members'][number];

const ofCommand: readonly Fact<CommandStats>[] = [
  counter('calls', 'Calls of the command.', ({ calls }) => calls),
  counter('usec', 'What they took, in µs.', ({ totalUs }) => Math.floor(totalUs)),
  gauge(
    'usec_per_call',
    'What one took on average, in µs.',
    ({ calls, totalUs }) => (calls === 0 ? 0 : totalUs / calls),
    digits(2),
  ),
  counter('rejected_calls', 'Calls that were refused before they ran.', ({ rejected }) => rejected),
  counter('failed_calls', 'Calls that were answered with an error.', ({ failed }) => failed),
];

/** How often each command ran and how long that took, of those that were called at all. */
export const commandFacts = section<Services, Services>({
  ...{ name: 'commandstats', title: 'Commandstats', isDefault: false },
  sample: (server) => server,
  families: [
    {
      ...{ name: 'cmdstat', prefix: 'cmdstat_', label: 'command' },
      read({ commands }) {
        const members: Member[] = [];
        for (const { fullName, stats } of commands.runnable()) {
          if (stats.calls + stats.rejected + stats.failed === 0) continue;
          members.push({ label: fullName, values: valuesOf(ofCommand, stats) });
        }
        return { facts: ofCommand, members };
      },
    },
  ],
});

const ofError: readonly Fact<number>[] = [
  counter('count', 'Error replies with the code.', (count) => count),
];

/** Error replies by code, in the order of the codes. */
export const errorFacts = section<Services, Services>({
  ...{ name: 'errorstats', title: 'Errorstats' },
  sample: (server) => server,
  families: [
    {
      ...{ name: 'errorstat', prefix: 'errorstat_', label: 'code' },
      read({ stats }) {
        const counts = [...stats.errorsByCode].sort(([a], [b]) => (a < b ? -1 : 1));
        return {
          facts: ofError,
          members: counts.map(([code, count]) => ({
            label: code,
            values: valuesOf(ofError, count),
          })),
        };
      },
    },
  ],
});

/** Percentiles of each command's durations, in µs. */
export const percentileFacts = section<Services, Services>({
  ...{ name: 'latencystats', title: 'Latencystats', isDefault: false },
  sample: (server) => server,
  families: [
    {
      ...{ name: 'latency_percentiles_usec', prefix: 'latency_percentiles_usec_' },
      label: 'command',
      read({ commands, config }) {
        const facts = config.values['latency-tracking-info-percentiles'].map(percentileFact);
        const members: Member[] = [];
        for (const { fullName, stats } of commands.runnable()) {
          if (stats.histogram.total === 0) continue;
          members.push({ label: fullName, values: valuesOf(facts, stats) });
        }
        return { facts, members };
      },
    },
  ],
});

function percentileFact(percentile: number): Fact<CommandStats> {
  return gauge(
    `p${percentile}`,
    `What ${percentile} % of the calls took at most, in µs.`,
    ({ histogram }) => histogram.percentileUs(percentile),
    digits(3),
  );
}
