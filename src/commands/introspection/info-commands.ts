// INFO commandstats, errorstats and latencystats: what was counted of commands and errors.

import type { Services } from '../../core/services.ts';
import type { InfoField } from './info-field.ts';

/** How often each command ran and how long that took, of those that were called at all. */
export function commandFields({ commands }: Services): InfoField[] {
  const fields: InfoField[] = [];
  for (const { fullName, stats } of commands.runnable()) {
    const { calls, rejected, failed } = stats;
    if (calls + rejected + failed === 0) continue;
    const perCall = calls === 0 ? 0 : stats.totalUs / calls;
    fields.push([
      `cmdstat_${fullName}`,
      `calls=${calls},usec=${Math.floor(stats.totalUs)},usec_per_call=${perCall.toFixed(2)},` +
        `rejected_calls=${rejected},failed_calls=${failed}`,
    ]);
  }
  return fields;
}

/** Error replies by code, in the order of the codes. */
export function errorFields({ stats }: Services): InfoField[] {
  return [...stats.errorsByCode]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, count]) => [`errorstat_${code}`, `count=${count}`]);
}

/** Percentiles of each command's durations, in µs. */
export function percentileFields({ commands, config }: Services): InfoField[] {
  const percentiles = config.values['latency-tracking-info-percentiles'];
  const fields: InfoField[] = [];
  for (const { fullName, stats } of commands.runnable()) {
    const { histogram } = stats;
    if (histogram.total === 0) continue;
    const values = percentiles.map(
      (percentile) => `p${percentile}=${histogram.percentileUs(percentile).toFixed(3)}`,
    );
    fields.push([`latency_percentiles_usec_${fullName}`, values.join(',')]);
  }
  return fields;
}
