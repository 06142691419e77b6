// @ts-check
// Streams on disk beside servers made for that: their tables, and whether the targets are kept.
// Ratios are Synap ÷ the server of the row; LOSS marks where that server is ahead.

import { ratioSpread, spread } from '../support/statistics.mjs';
import { ABSENT, countOf, LOSS, measuredOn, ratioCell, verdict } from './cells.mjs';
import { eventPeerRatios, meets } from './targets.mjs';

/**
 * @typedef {import('../scenarios/event-peers.mjs').EventFigures} EventFigures
 * @typedef {import('../scenarios/event-peers.mjs').EventPeersRow} EventPeersRow
 * @typedef {import('../scenarios/event-peers.mjs').EventServerName} EventServerName
 * @typedef {NonNullable<import('./results.mjs').Results['scenarios']['event-peers']>} EventPeers
 * @typedef {(figures: EventFigures) => number} Pick
 */

/** @type {Record<EventServerName, string>} in the order of the tables' rows */
const titles = { synap: 'Synap', redis: 'Redis', nats: 'NATS JetStream', rabbitmq: 'RabbitMQ' };
const serverNames = /** @type {EventServerName[]} */ (Object.keys(titles));

/** @type {{ durability: import('../scenarios/event-peers.mjs').Durability, title: string }[]} */
const appendTables = [
  {
    durability: 'disk',
    title: 'Events appended per second, acknowledged when on the disk, and server CPU per event',
  },
  {
    durability: 'system',
    title: 'Events appended per second, the disk left to the operating system',
  },
];

const rate = (/** @type {number} */ value) => Number(value.toPrecision(3)).toLocaleString('en-US');
const hundredths = (/** @type {number} */ value) => value.toFixed(2);
const whole = (/** @type {number} */ value) => value.toFixed(0);

/**
 * A figure's columns.
 * @typedef {object} Column
 * @property {string} head
 * @property {Pick} pick
 * @property {(value: number) => string} format
 * @property {'more' | 'less'} [better] adds a column of ratios
 */

/**
 * @param {EventPeers} results
 * @returns {import('./sections.mjs').Section}
 */
export function eventPeersSection(results) {
  const { rows, fileSystem, versions, facts, pacedEventsPerSecond } = results;
  const peers = serverNames.filter((name) => typeof versions[name] === 'string');
  const peerVersions = peers.map((name) => `${titles[name]} ${versions[name]}`).join(', ');
  const loads = rows.map(
    ({ load }) => `${load.events.toLocaleString('en-US')} of ${sizeLabel(load.payloadSizeBytes)}`,
  );
  return {
    name: 'event-peers',
    title: 'Events on disk',
    tables: [
      ...appendTables.map(({ durability, title }) => table(rows, title, appendColumns(durability))),
      table(
        rows,
        `Delivery of ${pacedEventsPerSecond} durable events per second, in milliseconds`,
        [
          {
            head: 'p50',
            pick: ({ delivery }) => delivery.p50Ms,
            format: hundredths,
            better: 'less',
          },
          {
            head: 'p99',
            pick: ({ delivery }) => delivery.p99Ms,
            format: hundredths,
            better: 'less',
          },
        ],
      ),
      table(rows, 'Replay from the first event, and server CPU per event', [
        {
          head: 'events/s',
          pick: ({ replay }) => replay.eventsPerSecond,
          format: rate,
          better: 'more',
        },
        { head: 'MB/s', pick: ({ replay }) => replay.megabytesPerSecond, format: whole },
        { head: 'µs', pick: ({ replay }) => replay.cpuMicrosPerEvent, format: hundredths },
      ]),
      table(
        rows,
        'What the events take: bytes of disk and of memory each, resident memory in all',
        [
          { head: 'disk', pick: (one) => one.diskBytesPerEvent, format: whole, better: 'less' },
          { head: 'memory', pick: (one) => one.grownBytesPerEvent, format: whole },
          {
            head: 'MiB',
            pick: ({ residentBytes }) => residentBytes / 2 ** 20,
            format: whole,
            better: 'less',
          },
        ],
      ),
    ],
    notes: [
      `${peerVersions === '' ? 'No other server' : peerVersions} on ${fileSystem}; median of ` +
        `${countOf(rows[0].rounds)}; replayed are ${loads.join(' and ')}. Ratios are Synap ÷ the ` +
        `server of the row, with their range over the rounds; ${LOSS}: that server is ahead.`,
      measuredOn(facts),
    ],
  };
}

/**
 * @param {import('../scenarios/event-peers.mjs').Durability} durability
 * @returns {Column[]}
 */
function appendColumns(durability) {
  return /** @type {const} */ (['oneByOne', 'pipelined']).flatMap((pace) => [
    {
      head: pace === 'pipelined' ? 'pipelined' : 'one by one',
      pick: (/** @type {EventFigures} */ { appends }) => appends[durability][pace].eventsPerSecond,
      format: rate,
      better: /** @type {const} */ ('more'),
    },
    {
      head: 'µs',
      pick: (/** @type {EventFigures} */ { appends }) =>
        appends[durability][pace].cpuMicrosPerEvent,
      format: pace === 'pipelined' ? hundredths : whole,
    },
  ]);
}

/**
 * @param {EventPeersRow[]} rows
 * @param {string} title
 * @param {Column[]} columns
 * @returns {import('./sections.mjs').Table} a row a server and load
 */
function table(rows, title, columns) {
  return {
    title,
    head: [
      'server',
      ...columns.flatMap(({ head, better }) => (better === undefined ? [head] : [head, 'ratio'])),
    ],
    rows: rows.flatMap(({ load, rounds }) =>
      serverNames
        .filter((name) => rounds.some((round) => round[name] !== undefined))
        .map((name) => [
          `${titles[name]}, ${sizeLabel(load.payloadSizeBytes)}`,
          ...columns.flatMap((column) => cellsOf(rounds, name, column)),
        ]),
    ),
  };
}

/**
 * @param {EventPeersRow['rounds']} rounds
 * @param {EventServerName} name
 * @param {Column} column
 * @returns {string[]} the figure and, where the column has one, the ratio of Synap to it
 */
function cellsOf(rounds, name, { pick, format, better }) {
  const value = spread(figuresOf(rounds, name, pick));
  const cell = value === null ? ABSENT : format(value.median);
  if (better === undefined) return [cell];
  return [cell, name === 'synap' ? '' : ratioCell(ratioTo(rounds, name, pick), better === 'more')];
}

/**
 * @param {EventPeersRow['rounds']} rounds
 * @param {EventServerName} name
 * @param {Pick} pick
 * @returns {import('../support/statistics.mjs').Spread | null} Synap ÷ that server
 */
function ratioTo(rounds, name, pick) {
  return ratioSpread(figuresOf(rounds, 'synap', pick), figuresOf(rounds, name, pick));
}

/**
 * @param {EventPeersRow['rounds']} rounds
 * @param {EventServerName} name
 * @param {Pick} pick
 * @returns {(number | null)[]} one a round
 */
function figuresOf(rounds, name, pick) {
  return rounds.map(({ [name]: figures }) => (figures === undefined ? null : pick(figures)));
}

/**
 * @param {number} bytes
 * @returns {string} "32 B", "1 KiB"
 */
function sizeLabel(bytes) {
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} B`;
}

/**
 * @param {EventPeers | undefined} results
 * @returns {string[][]} rows of the targets, for the servers that were measured
 */
export function eventPeersTargets(results) {
  /** @type {[string, Pick][]} */
  const figures = [
    ['appends one by one', ({ appends }) => appends.disk.oneByOne.eventsPerSecond],
    ['appends pipelined', ({ appends }) => appends.disk.pipelined.eventsPerSecond],
    ['replay', ({ replay }) => replay.eventsPerSecond],
  ];
  return (results?.rows ?? []).flatMap(({ load, rounds }) =>
    eventPeerRatios.flatMap(({ server, limit }) =>
      figures.flatMap(([label, pick]) => {
        const ratio = ratioTo(rounds, server, pick);
        if (ratio === null) return [];
        return [
          [
            `${label}, ${sizeLabel(load.payloadSizeBytes)}, ÷ ${titles[server]}`,
            `≥ ${limit}`,
            verdict(ratio.median.toFixed(2), meets(ratio.median, limit, true)),
          ],
        ];
      }),
    ),
  );
}
