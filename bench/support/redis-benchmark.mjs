// @ts-check
// Runs redis-benchmark once for one command and reads its text report: the CSV form stops at p99,
// the text form carries the whole percentile distribution, hence p99.9.

import { runTool } from './processes.mjs';

/**
 * What one run of redis-benchmark says. Latencies are of a whole pipeline, in milliseconds.
 * @typedef {object} BenchmarkReport
 * @property {string} name the test's name as redis-benchmark prints it
 * @property {number} requests completed
 * @property {number} requestsPerSecond
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} p999Ms the first step of the distribution at or above 99.9 %
 * @property {number} maxMs
 */

/**
 * What is sent: one of redis-benchmark's tests or a request of one's own.
 * @typedef {object} Workload
 * @property {string} [test] name for `-t`, one that yields one report
 * @property {string[]} [request] sent as it is, in place of a test
 * @property {number} [keySpace] number of different keys, chosen at random; one unless given
 */

/**
 * How it is sent.
 * @typedef {object} Pressure
 * @property {number} port of a server on 127.0.0.1
 * @property {number} pipeline requests in flight per connection
 * @property {number} requests in total
 * @property {number} clients connections
 * @property {number} valueSizeBytes
 * @typedef {Workload & Pressure} BenchmarkRequest
 */

/**
 * @param {BenchmarkRequest} request
 * @returns {Promise<BenchmarkReport>}
 * @throws {Error} when the tool fails, the server answers with errors, or the report is unreadable
 */
export async function runRedisBenchmark(request) {
  const args = benchmarkArguments(request);
  const { stdout, stderr } = await runTool('redis-benchmark', args);
  if (/error/i.test(stderr)) throw new Error(`redis-benchmark: ${stderr.trim()}`);
  const reports = parseReports(stdout);
  if (reports.length !== 1) {
    throw new Error(`redis-benchmark ${args.join(' ')} gave ${reports.length} reports, not one`);
  }
  return reports[0];
}

/**
 * @param {BenchmarkRequest} request
 * @returns {string[]}
 */
export function benchmarkArguments({ test, request = [], keySpace, ...pressure }) {
  return [
    ...['-h', '127.0.0.1', '-p', String(pressure.port), '--precision', '3'],
    ...['-n', String(pressure.requests), '-P', String(pressure.pipeline)],
    ...['-c', String(pressure.clients), '-d', String(pressure.valueSizeBytes)],
    ...(keySpace === undefined ? [] : ['-r', String(keySpace)]),
    ...(test === undefined ? [] : ['-t', test]),
    ...request,
  ];
}

/**
 * @param {string} text what redis-benchmark printed, progress lines included
 * @returns {BenchmarkReport[]} one a test, in order
 * @throws {Error} naming the part of a report that is missing
 */
export function parseReports(text) {
  // Progress lines end in a carriage return alone, which counts as the end of a line here too.
  const parts = text.split(/^====== (.+?) ======\s*$/m);
  const reports = [];
  for (let i = 1; i < parts.length; i += 2)
    reports.push(parseReport(parts[i].trim(), parts[i + 1]));
  return reports;
}

/**
 * @param {string} name
 * @param {string} body the report below its title
 * @returns {BenchmarkReport}
 */
function parseReport(name, body) {
  /** @type {(pattern: RegExp, what: string) => string[]} */
  const find = (pattern, what) => {
    const match = pattern.exec(body);
    if (match === null) throw new Error(`redis-benchmark's report of ${name} has no ${what}`);
    return match.slice(1);
  };
  const [requests] = find(/^\s*(\d+) requests completed in/m, 'number of requests');
  const [perSecond] = find(/throughput summary: ([\d.]+) requests per second/, 'throughput');
  const [latencies] = find(/avg\s+min\s+p50\s+p95\s+p99\s+max\s*\n\s*([\d. ]+)/, 'latency summary');
  const [, , p50Ms, , p99Ms, maxMs] = latencies.trim().split(/\s+/).map(Number);
  return {
    name,
    requests: Number(requests),
    requestsPerSecond: Number(perSecond),
    p50Ms,
    p99Ms,
    p999Ms: percentile(body, 99.9, name),
    maxMs,
  };
}

/**
 * @param {string} body
 * @param {number} wantedPercent
 * @param {string} name for the error
 * @returns {number} milliseconds
 */
function percentile(body, wantedPercent, name) {
  const distribution = body.split('Cumulative distribution of latencies')[0];
  for (const [, percent, ms] of distribution.matchAll(/^([\d.]+)% <= ([\d.]+) milliseconds/gm)) {
    if (Number(percent) >= wantedPercent) return Number(ms);
  }
  throw new Error(`redis-benchmark's report of ${name} has no latency at ${wantedPercent} %`);
}
