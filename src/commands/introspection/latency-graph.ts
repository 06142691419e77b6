// LATENCY GRAPH: the samples of an event as bars of characters, oldest to the left, in Redis's form.
//
//      #      a column is filled with '|' up to its top, which is '_', 'o' or '#' depending on how
//     |       much of its row it takes; below it stands, read downwards, how long ago it was
//   _o|_
//
//   9631
//   ssss
import type { LatencyEvent, LatencySample } from '../../telemetry/latency-monitor.ts';

const COLUMNS = 80;
const ROWS = 4;
const TOPS = '_o#';
const STEPS = ROWS * TOPS.length;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The graph of an event with a head line; `nowSeconds` is Unix time. */
export function drawLatencyGraph(event: LatencyEvent, nowSeconds: number): string {
  const values = event.samples.map(({ latencyMs }) => latencyMs);
  const high = Math.max(...values);
  const low = Math.min(...values);
  const head =
    `${event.name} - high ${high} ms, low ${low} ms (all time high ${event.maxMs} ms)\n` +
    `${'-'.repeat(COLUMNS)}\n`;
  const blocks: string[] = [];
  for (let i = 0; i < event.samples.length; i += COLUMNS) {
    blocks.push(drawBlock(event.samples.slice(i, i + COLUMNS), low, high, nowSeconds));
  }
  return head + blocks.join('\n');
}

function drawBlock(
  samples: readonly LatencySample[],
  low: number,
  high: number,
  nowSeconds: number,
): string {
  const scale = STEPS / Math.max(1, high - low);
  const columns = samples.map(({ latencyMs, timeSeconds }) => {
    const step = Math.min(STEPS - 1, Math.floor((latencyMs - low) * scale));
    return `${bar(step)} ${age(nowSeconds - timeSeconds)}`;
  });
  const height = Math.max(...columns.map((column) => column.length));
  let text = '';
  for (let row = 0; row < height; row++) {
    text += `${columns.map((column) => column[row] ?? ' ').join('')}\n`;
  }
  return text;
}

/** A column of ROWS characters, from top to bottom; its step is 0 … STEPS - 1. */
function bar(step: number): string {
  const below = Math.floor(step / TOPS.length);
  return `${TOPS[step % TOPS.length]}${'|'.repeat(below)}`.padStart(ROWS);
}

function age(seconds: number): string {
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`;
  return `${Math.floor(seconds / DAY)}d`;
}
