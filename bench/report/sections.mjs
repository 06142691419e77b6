// @ts-check
// Results → sections of tables, the same for the terminal and for docs/performance.md. Every figure
// is a median over rounds; ratios carry their range. LOSS marks where Redis is the better one.

import { phases } from '../scenarios/event-loop.mjs';
import { steps } from '../scenarios/large-values.mjs';
import { loadLabel as memoryLabel } from '../scenarios/memory.mjs';
import { ratioSpread, spread } from '../support/statistics.mjs';
import {
  ABSENT,
  countOf,
  measuredOn,
  millions,
  ratioCell,
  spreadCell,
  thousands,
  verdict,
} from './cells.mjs';
import { collectionStallsSection, collectionStallsTargets } from './collection-stalls-section.mjs';
import { commandSection, nodesSection } from './command-tables.mjs';
import { eventPeersSection, eventPeersTargets } from './event-peers-section.mjs';
import {
  logSection,
  persistenceTargets,
  recoverySection,
  snapshotSection,
} from './persistence-sections.mjs';
import { releaseSection, releaseTargets } from './release-section.mjs';
import { streamTargetRows, streamTiersSection } from './stream-sections.mjs';
import {
  collectionMemoryLimit,
  collectionTargets,
  commandRatio,
  isBaseLoad,
  largeValueLimitMs,
  listMemoryLimit,
  listsTargets,
  meets,
  memoryLimit,
  memoryLimits,
  pubsubRatios,
  stallLimitMs,
  streamTargets,
  stringsTargets,
  wideCommandTargets,
} from './targets.mjs';

/**
 * @typedef {import('../support/command-rounds.mjs').CommandResult} CommandResult
 * @typedef {import('../scenarios/memory.mjs').MemoryResult} MemoryResult
 * @typedef {import('../scenarios/pubsub.mjs').PubsubRound} PubsubRound
 * @typedef {import('./results.mjs').Results} Results
 */

/**
 * @typedef {{ title: string, head: string[], rows: string[][] }} Table the first column is text,
 *   the others are figures
 * @typedef {{ name: string, title: string, tables: Table[], notes: string[] }} Section
 */

/** What has targets of its own. */
const streamKinds = /** @type {const} */ ([
  { kind: 'append', title: 'Streams, appending' },
  { kind: 'read', title: 'Streams, reading' },
  { kind: 'group', title: 'Streams, reading and acknowledging by consumers of a group' },
]);

/**
 * @param {Results} results
 * @returns {Section[]} one a scenario that was measured, then the targets
 */
export function reportSections({ scenarios }) {
  const { strings, lists, pubsub, memory, 'event-loop': eventLoop } = scenarios;
  const { log, recovery, release, snapshot, nodes } = scenarios;
  /** @type {Section[]} */
  const sections = [];
  if (strings !== undefined) sections.push(commandSection('strings', 'Strings', strings));
  if (lists !== undefined) sections.push(commandSection('lists', 'Lists', lists));
  const { collections } = scenarios;
  if (collections !== undefined) {
    const title = 'Hashes, sets, sorted sets, bitmaps, HyperLogLog, geo';
    sections.push(commandSection('collections', title, collections));
  }
  const { streams } = scenarios;
  if (streams !== undefined) sections.push(commandSection('streams', 'Streams', streams));
  if (pubsub !== undefined) {
    sections.push({
      name: 'pubsub',
      title: 'Publish/subscribe',
      tables: [pubsubTable(pubsub.rows)],
      notes: [
        `Messages of 64 bytes, median of ${countOf(pubsub.rows[0].rounds)}; a message that ` +
          'reaches 100 subscribers is delivered 100 times.',
        measuredOn(pubsub.facts),
      ],
    });
  }
  if (memory !== undefined) {
    sections.push({
      name: 'memory',
      title: 'Memory',
      tables: memoryTables(memory.rows),
      notes: [measuredOn(memory.facts)],
    });
  }
  if (release !== undefined) sections.push(releaseSection(release));
  if (eventLoop !== undefined) {
    sections.push({
      name: 'event-loop',
      title: 'Longest stalls',
      tables: [stallTable(eventLoop)],
      notes: [
        'Milliseconds, the longest of each round: median and range over ' +
          `${countOf(eventLoop.rounds)}. Event loop: between two turns of a 1 ms timer ` +
          'inside Synap; its CPU: what Synap itself used between two turns; ping: the longest ' +
          'wait of a client that pings all the time.',
        measuredOn(eventLoop.facts),
      ],
    });
  }
  const collectionStalls = scenarios['collection-stalls'];
  if (collectionStalls !== undefined) sections.push(collectionStallsSection(collectionStalls));
  const largeValues = scenarios['large-values'];
  if (largeValues !== undefined) {
    sections.push({
      name: 'large-values',
      title: 'Large values',
      tables: [largeValueTable(largeValues)],
      notes: [
        'Milliseconds, the longest of each round: median and range over ' +
          `${countOf(largeValues.rows[0].rounds)}. As for the longest stalls; the last column is ` +
          'resident memory in MiB three seconds after the key is deleted, above that of the start.',
        measuredOn(largeValues.facts),
      ],
    });
  }
  if (log !== undefined) sections.push(logSection(log));
  if (recovery !== undefined) sections.push(recoverySection(recovery));
  if (snapshot !== undefined) sections.push(snapshotSection(snapshot));
  const tiers = scenarios['stream-tiers'];
  if (tiers !== undefined) sections.push(streamTiersSection(tiers));
  const eventPeers = scenarios['event-peers'];
  if (eventPeers !== undefined) sections.push(eventPeersSection(eventPeers));
  if (nodes !== undefined) sections.push(nodesSection(nodes));
  const tables = targetTables(scenarios);
  if (tables.length > 0) sections.push({ name: 'targets', title: 'Targets', tables, notes: [] });
  return sections;
}

/**
 * @param {NonNullable<Results['scenarios']['pubsub']>['rows']} rows
 * @returns {Table}
 */
function pubsubTable(rows) {
  /** @type {(rounds: PubsubRound[], figure: keyof PubsubRound['synap'], digits: number) => string[]} */
  const compare = (rounds, figure, digits) => {
    const synap = rounds.map((round) => round.synap[figure]);
    const redis = rounds.map((round) => round.redis?.[figure]);
    const format = (/** @type {number | undefined} */ value) =>
      value === undefined ? ABSENT : digits === 0 ? thousands(value) : value.toFixed(digits);
    return [
      format(spread(synap)?.median),
      format(spread(redis)?.median),
      ratioCell(ratioSpread(synap, redis), digits === 0),
    ];
  };
  return {
    title: 'Messages delivered per second and server CPU per delivery',
    head: ['load', 'Synap/s', 'Redis/s', 'ratio', 'Synap µs', 'Redis µs', 'ratio'],
    rows: rows.map(({ label, rounds }) => [
      label,
      ...compare(rounds, 'deliveriesPerSecond', 0),
      ...compare(rounds, 'cpuMicrosPerDelivery', 2),
    ]),
  };
}

/**
 * @param {MemoryResult[]} rows
 * @returns {Table[]} of strings, then of lists, where measured
 */
function memoryTables(rows) {
  /** @type {(row: MemoryResult, per: number) => string[]} */
  const compare = ({ rounds }, per) => {
    const synap = rounds.map((round) => round.synap.grownBytesPerKey / per);
    const redis = rounds.map(({ redis }) => (redis === null ? null : redis.grownBytesPerKey / per));
    return [
      spreadCell(spread(synap)),
      spreadCell(spread(redis)),
      ratioCell(ratioSpread(synap, redis), false),
    ];
  };
  const strings = rows.filter(({ elements }) => elements === undefined);
  const collections = rows.filter(({ label }) => label !== undefined);
  const lists = rows.flatMap((row) =>
    row.elements === undefined || row.label !== undefined
      ? []
      : [[memoryLabel(row), ...compare(row, row.elements)]],
  );
  return [
    {
      title: 'Growth of resident memory, bytes per key of 16 + 16 bytes',
      head: ['keys', 'Synap', 'Redis', 'ratio'],
      rows: strings.map((row) => [`${row.keys / 1e6} M`, ...compare(row, 1)]),
    },
    {
      title: 'Growth of resident memory, bytes per list element of 16 bytes',
      head: ['lists', 'Synap', 'Redis', 'ratio'],
      rows: lists,
    },
    {
      title: 'Growth of resident memory, bytes per element: 16 bytes each member, field and value',
      head: ['collections', 'Synap', 'Redis', 'ratio'],
      rows: collections.map((row) => [memoryLabel(row), ...compare(row, row.elements ?? 1)]),
    },
  ].filter(({ rows }) => rows.length > 0);
}

/**
 * @param {NonNullable<Results['scenarios']['event-loop']>} result
 * @returns {Table}
 */
function stallTable({ rounds, loadedKeys, expiredKeys }) {
  const what = {
    idle: 'no load, for reference',
    load: `loading ${millions(loadedKeys)} keys at P=64`,
    flush: `FLUSHALL ASYNC of ${millions(loadedKeys)} keys`,
    expire: `${millions(expiredKeys)} keys expire together`,
  };
  return {
    title: 'Longest stall in milliseconds',
    head: ['while', 'event loop', 'its CPU', 'Synap ping', 'Redis ping'],
    rows: phases.map((phase) => [
      what[phase],
      spreadCell(spread(rounds.map(({ synap }) => synap[phase].loopMaxMs))),
      spreadCell(spread(rounds.map(({ synap }) => synap[phase].busyMaxMs))),
      spreadCell(spread(rounds.map(({ synap }) => synap[phase].pingMaxMs))),
      spreadCell(spread(rounds.map(({ redis }) => redis?.[phase].pingMaxMs))),
    ]),
  };
}

/**
 * @param {NonNullable<Results['scenarios']['large-values']>} result
 * @returns {Table}
 */
function largeValueTable({ valueBytes, rows }) {
  const mebibytes = (/** @type {number | undefined} */ bytes) =>
    bytes === undefined ? undefined : bytes / 2 ** 20;
  return {
    title: `What others wait for beside a value of ${Math.round(valueBytes / 2 ** 20)} MiB`,
    head: ['log', 'while', 'event loop', 'its CPU', 'Synap ping', 'Redis ping', 'Synap stays'],
    rows: rows.flatMap(({ mode, rounds }) =>
      steps.map((step) => [
        mode,
        step,
        spreadCell(spread(rounds.map(({ synap }) => synap[step].loopMaxMs))),
        spreadCell(spread(rounds.map(({ synap }) => synap[step].busyMaxMs))),
        spreadCell(spread(rounds.map(({ synap }) => synap[step].pingMaxMs))),
        spreadCell(spread(rounds.map(({ redis }) => redis?.[step].pingMaxMs))),
        step === 'DEL'
          ? spreadCell(spread(rounds.map(({ synap }) => mebibytes(synap.residentBytes))))
          : '',
      ]),
    ),
  };
}

/**
 * @param {Results['scenarios']} scenarios
 * @returns {Table[]}
 */
function targetTables(scenarios) {
  const { strings, lists, collections, streams, pubsub, memory, release } = scenarios;
  const { 'event-loop': eventLoop } = scenarios;
  /** @type {Table[]} */
  const tables = [];
  for (const { title, rows, targets } of [
    {
      title: 'Ratios Synap ÷ Redis',
      rows: strings?.rows.filter(isBaseLoad),
      targets: stringsTargets,
    },
    {
      title: 'Lists, ratios Synap ÷ Redis',
      rows: lists?.rows.filter(isBaseLoad),
      targets: listsTargets,
    },
    {
      title: 'Collections, ratios Synap ÷ Redis',
      rows: collections?.rows.filter(({ isBase }) => isBase),
      targets: collectionTargets,
    },
    {
      title: 'Collections, commands of many elements, ratios Synap ÷ Redis',
      rows: collections?.rows.filter(({ isBase }) => !isBase),
      targets: wideCommandTargets,
    },
    ...streamKinds.map(({ kind, title }) => ({
      title: `${title}, ratios Synap ÷ Redis`,
      rows: streams?.rows.filter((row) => row.kind === kind),
      targets: streamTargets[kind],
    })),
  ]) {
    if (rows !== undefined && rows.length > 0) {
      tables.push(commandTargetTable(title, rows, targets));
    }
  }
  /** @type {string[][]} */
  const others = [];
  for (const { label, rounds } of pubsub?.rows ?? []) {
    const limit = pubsubRatios[label];
    const ratio = ratioSpread(
      rounds.map(({ synap }) => synap.deliveriesPerSecond),
      rounds.map(({ redis }) => redis?.deliveriesPerSecond),
    );
    others.push([
      `messages/s, ${label}`,
      `≥ ${limit}`,
      ratio === null ? ABSENT : verdict(ratio.median.toFixed(2), meets(ratio.median, limit, true)),
    ]);
  }
  for (const row of memory?.rows ?? []) {
    const { label, elements, rounds } = row;
    const ofStrings = elements === undefined ? memoryLimit : listMemoryLimit;
    const limit = label === undefined ? ofStrings : (memoryLimits[label] ?? collectionMemoryLimit);
    const ratio = ratioSpread(
      rounds.map(({ synap }) => synap.grownBytesPerKey),
      rounds.map(({ redis }) => redis?.grownBytesPerKey),
    );
    const measured = ratio === null ? ABSENT : ratio.median.toFixed(2);
    others.push([
      `memory growth, ${memoryLabel(row)}`,
      `≤ ${limit}`,
      ratio === null ? measured : verdict(measured, meets(ratio.median, limit, false)),
    ]);
  }
  if (release !== undefined) others.push(...releaseTargets(release.rows));
  for (const phase of eventLoop === undefined ? [] : phases.slice(1)) {
    const stall = spread(eventLoop?.rounds.map(({ synap }) => synap[phase].loopMaxMs) ?? []);
    others.push([
      `longest stall, ${phase}`,
      `≤ ${stallLimitMs} ms`,
      stall === null
        ? ABSENT
        : verdict(`${stall.max.toFixed(1)} ms`, meets(stall.max, stallLimitMs, false)),
    ]);
  }
  others.push(...collectionStallsTargets(scenarios['collection-stalls']));
  for (const { mode, rounds } of scenarios['large-values']?.rows ?? []) {
    for (const step of steps) {
      const wait = spread(rounds.map(({ synap }) => synap[step].pingMaxMs));
      others.push([
        `longest ping, large value, ${mode === 'no log' ? mode : `appendfsync ${mode}`}, ${step}`,
        `≤ ${largeValueLimitMs} ms`,
        wait === null
          ? ABSENT
          : verdict(`${wait.max.toFixed(1)} ms`, meets(wait.max, largeValueLimitMs, false)),
      ]);
    }
  }
  if (others.length > 0) {
    tables.push({
      title: 'Messages, memory and stalls',
      head: ['figure', 'target', 'measured'],
      rows: others,
    });
  }
  const persistence = persistenceTargets(scenarios);
  if (persistence.length > 0) {
    tables.push({
      title: 'The log, recovery and snapshots',
      head: ['figure', 'target', 'measured'],
      rows: persistence,
    });
  }
  const longOrCold = streamTargetRows(scenarios);
  if (longOrCold.length > 0) {
    tables.push({
      title: 'Streams that are long, and streams in files',
      head: ['figure', 'target', 'measured'],
      rows: longOrCold,
    });
  }
  const events = eventPeersTargets(scenarios['event-peers']);
  if (events.length > 0) {
    tables.push({
      title: 'Events on disk, ratios Synap ÷ the other server',
      head: ['figure', 'target', 'measured'],
      rows: events,
    });
  }
  return tables;
}

/**
 * @param {string} title
 * @param {CommandResult[]} rows of the base load
 * @param {readonly import('./targets.mjs').CommandTarget[]} targets
 * @returns {Table}
 */
function commandTargetTable(title, rows, targets) {
  const commands = [...new Set(rows.map(({ command }) => command))];
  return {
    title,
    head: ['ratio', 'target', ...commands],
    rows: targets.flatMap(({ figure, label, isMoreBetter, limits }) =>
      Object.entries(limits).map(([pipeline, limit]) => [
        `${label}, P=${pipeline}`,
        `${isMoreBetter ? '≥' : '≤'} ${limit}`,
        ...commands.map((command) => {
          const row = rows.find((one) => one.command === command && one.pipeline === +pipeline);
          const ratio = row === undefined ? null : commandRatio(row, figure);
          if (ratio === null) return ABSENT;
          return verdict(ratio.median.toFixed(2), meets(ratio.median, limit, isMoreBetter));
        }),
      ]),
    ),
  };
}
