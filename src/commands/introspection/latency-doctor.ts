// LATENCY DOCTOR: the events that the latency monitor has seen, in figures, and what is known to
// cause each kind and to help against it.
import type { LatencyEvent } from '../../telemetry/latency-monitor.ts';

const ADVICE: Readonly<Record<string, string>> = {
  command:
    'A command blocked the event loop. SLOWLOG GET shows which; commands over many keys or large ' +
    'values (KEYS, FLUSHALL SYNC, DEBUG) are the usual ones, and SCAN, FLUSHALL ASYNC and smaller ' +
    'values the remedy.',
  'fast-command':
    'A command that does little took long, so the process did not get the CPU or was collecting ' +
    'garbage: look at the load of the machine, at swapping and at js_heap_used of INFO memory.',
  'expire-cycle': 'Many keys expired within a short time. Spread their times to live.',
  'eviction-cycle':
    'Keys were evicted because maxmemory was reached. Raise it, or lower ' +
    'maxmemory-eviction-tenacity so that eviction is spread over more time.',
};

/** The report; a threshold of 0 means that the monitor is off. */
export function diagnoseLatency(events: readonly LatencyEvent[], thresholdMs: number): string {
  if (events.length === 0) {
    return thresholdMs === 0
      ? 'The latency monitor is off, so nothing is known. Turn it on with ' +
          '"CONFIG SET latency-monitor-threshold <milliseconds>".\n'
      : `Nothing took ${thresholdMs} ms or longer while the latency monitor was on.\n`;
  }
  const found = events.map((event, i) => `${i + 1}. ${describe(event)}\n`).join('');
  const advice = events.map(({ name }) => ADVICE[name]).filter((text) => text !== undefined);
  const help = advice.map((text) => ` * ${text}\n`).join('');
  return `Latency spikes were seen:\n\n${found}${help === '' ? '' : `\nWhat may help:\n\n${help}`}`;
}

function describe({ name, samples, maxMs }: LatencyEvent): string {
  const values = samples.map(({ latencyMs }) => latencyMs);
  const average = mean(values);
  const deviation = mean(values.map((value) => Math.abs(value - average)));
  const spanSeconds = samples[samples.length - 1].timeSeconds - samples[0].timeSeconds;
  const period = spanSeconds / Math.max(1, samples.length - 1);
  return (
    `${name}: ${samples.length} spikes (average ${Math.round(average)} ms, mean deviation ` +
    `${Math.round(deviation)} ms, one every ${period.toFixed(2)} s). Worst of all: ${maxMs} ms.`
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
