// @ts-check
// The results file: one entry a scenario, each with the machine it was measured on, because
// scenarios can be measured at different times. Holds raw rounds; medians and ratios are computed
// when a report is made.

import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where and with what a scenario was measured.
 * @typedef {object} Facts
 * @property {string} date ISO 8601
 * @property {string} cpu model
 * @property {number} cores that this process may use
 * @property {number} memoryBytes
 * @property {string} system kernel and its release
 * @property {string} node version
 * @property {string} synap version, or the command that took its place
 * @property {string | null} redis version; null when there was none
 */

/**
 * @typedef {object} Results
 * @property {1} format
 * @property {{
 *   strings?: { facts: Facts } & import('../support/command-rounds.mjs').CommandResults,
 *   lists?: { facts: Facts } & import('../support/command-rounds.mjs').CommandResults,
 *   collections?: { facts: Facts } & import('../scenarios/collections.mjs').CollectionResults,
 *   streams?: { facts: Facts } & import('../scenarios/streams.mjs').StreamResults,
 *   pubsub?: { facts: Facts, rows: import('../scenarios/pubsub.mjs').PubsubResult[] },
 *   memory?: { facts: Facts, rows: import('../scenarios/memory.mjs').MemoryResult[] },
 *   release?: { facts: Facts, rows: import('../scenarios/release.mjs').ReleaseResult[] },
 *   'event-loop'?: { facts: Facts } & import('../scenarios/event-loop.mjs').StallResult,
 *   'collection-stalls'?: { facts: Facts } & import('../scenarios/collection-stalls.mjs').CollectionStallResult,
 *   'large-values'?: { facts: Facts } & import('../scenarios/large-values.mjs').LargeResult,
 *   log?: { facts: Facts } & import('../scenarios/log.mjs').LogResult,
 *   recovery?: { facts: Facts, rows: import('../scenarios/recovery.mjs').RecoveryRow[] },
 *   snapshot?: { facts: Facts } & import('../scenarios/snapshot.mjs').SnapshotResult,
 *   'stream-tiers'?: { facts: Facts } & import('../scenarios/stream-tiers.mjs').StreamTiersResult,
 *   'event-peers'?: { facts: Facts } & import('../scenarios/event-peers.mjs').EventPeersResult,
 *   nodes?: { facts: Facts } & import('../scenarios/nodes.mjs').NodesResult,
 * }} scenarios
 */

/** The results that the documentation shows. */
export const resultsFile = fileURLToPath(new URL('../results/latest.json', import.meta.url));

/**
 * @param {string | null} redisVersion
 * @param {readonly string[] | null} synapCommand what runs in Synap's place, if anything does
 * @returns {Facts}
 */
export function machineFacts(redisVersion, synapCommand) {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    synap: synapCommand === null ? JSON.parse(manifest).version : synapCommand.join(' '),
    redis: redisVersion,
  };
}

/**
 * @param {string} file
 * @returns {Promise<Results>}
 * @throws {Error} when it is not a results file
 */
export async function readResults(file) {
  const results = JSON.parse(await readFile(file, 'utf8'));
  if (results?.format !== 1) throw new Error(`${file} is not a results file of format 1`);
  return results;
}

/**
 * @param {string} file
 * @param {Record<string, unknown>} measured by name of the scenario
 * @param {boolean} keepOthers whether scenarios that were not measured stay as they are in the file
 * @returns {Promise<Results>} what the file now holds
 */
export async function saveResults(file, measured, keepOthers) {
  const before = keepOthers ? (await readIfThere(file))?.scenarios : {};
  /** @type {Results} */
  const results = { format: 1, scenarios: { ...before, ...measured } };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  return results;
}

/**
 * @param {string} file
 * @returns {Promise<Results | null>}
 */
async function readIfThere(file) {
  try {
    return await readResults(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
