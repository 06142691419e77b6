// @ts-check
// Writes results into docs/performance.md and draws its charts. The prose belongs to people; only
// what stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` is replaced.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fsyncModes } from '../scenarios/log.mjs';
import { ratioChart } from './chart.mjs';
import { renderMarkdown } from './render.mjs';
import { reportSections } from './sections.mjs';
import {
  collectionTargets,
  commandRatio,
  isBaseLoad,
  listsTargets,
  logTargets,
  streamTargets,
  stringsTargets,
} from './targets.mjs';

const documentFile = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));

/** @typedef {import('../support/command-rounds.mjs').CommandResult} CommandResult */

/** Targets of small commands, by scenario. */
const chartedTargets = {
  strings: stringsTargets,
  lists: listsTargets,
  collections: collectionTargets,
};

/**
 * A figure that has a chart.
 * @typedef {object} FigureChart
 * @property {'strings' | 'lists' | 'collections' | 'streams' | 'log'} scenario
 * @property {import('../scenarios/log.mjs').LogLoad['appendfsync']} [appendfsync] of the rows of `log`
 * @property {'requestsPerSecond' | 'cpuMicrosPerCommand'} figure
 * @property {boolean} isMoreBetter
 * @property {string} title
 * @property {string} file where it goes to, below docs/
 */

/** @type {{ markers: string, charts: FigureChart[] }[]} by the place in the document */
const places = [
  {
    markers: 'charts',
    charts: [
      {
        scenario: 'strings',
        figure: 'requestsPerSecond',
        isMoreBetter: true,
        title: 'Requests per second',
        file: 'images/performance-throughput.svg',
      },
      {
        scenario: 'strings',
        figure: 'cpuMicrosPerCommand',
        isMoreBetter: false,
        title: 'Server CPU time per command',
        file: 'images/performance-cpu.svg',
      },
    ],
  },
  {
    markers: 'lists-charts',
    charts: [
      {
        scenario: 'lists',
        figure: 'requestsPerSecond',
        isMoreBetter: true,
        title: 'Lists: requests per second',
        file: 'images/performance-lists-throughput.svg',
      },
      {
        scenario: 'lists',
        figure: 'cpuMicrosPerCommand',
        isMoreBetter: false,
        title: 'Lists: server CPU time per command',
        file: 'images/performance-lists-cpu.svg',
      },
    ],
  },
  {
    markers: 'collections-charts',
    charts: [
      {
        scenario: 'collections',
        figure: 'requestsPerSecond',
        isMoreBetter: true,
        title: 'Collections: requests per second',
        file: 'images/performance-collections-throughput.svg',
      },
      {
        scenario: 'collections',
        figure: 'cpuMicrosPerCommand',
        isMoreBetter: false,
        title: 'Collections: server CPU time per command',
        file: 'images/performance-collections-cpu.svg',
      },
    ],
  },
  {
    markers: 'streams-charts',
    charts: [
      {
        scenario: 'streams',
        figure: 'requestsPerSecond',
        isMoreBetter: true,
        title: 'Streams: requests per second',
        file: 'images/performance-streams-throughput.svg',
      },
      {
        scenario: 'streams',
        figure: 'cpuMicrosPerCommand',
        isMoreBetter: false,
        title: 'Streams: server CPU time per command',
        file: 'images/performance-streams-cpu.svg',
      },
    ],
  },
  {
    markers: 'log-charts',
    charts: fsyncModes.map((appendfsync) => ({
      scenario: 'log',
      appendfsync,
      figure: 'requestsPerSecond',
      isMoreBetter: true,
      title: `appendfsync ${appendfsync}: requests per second`,
      file: `images/performance-log-${appendfsync}.svg`,
    })),
  },
];

/**
 * @param {import('./results.mjs').Results} results
 * @returns {Promise<string[]>} the files that were written
 */
export async function writeDocs(results) {
  let document = await readFile(documentFile, 'utf8');
  for (const section of reportSections(results)) {
    document = replaceBetweenMarkers(document, section.name, renderMarkdown(section));
  }
  const written = [documentFile];
  for (const { markers, charts } of places) {
    const images = [];
    for (const chart of charts) {
      const svg = figureChart(results, chart);
      if (svg === null) continue;
      const path = join(dirname(documentFile), chart.file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, svg);
      written.push(path);
      images.push(`![${chart.title}, Synap ÷ Redis](${chart.file})`);
    }
    if (images.length > 0) {
      document = replaceBetweenMarkers(document, markers, images.join('\n\n'));
    }
  }
  await writeFile(documentFile, document);
  return written;
}

/**
 * @param {string} document
 * @param {string} name of the markers
 * @param {string} content
 * @returns {string} the document with the content between its markers
 * @throws {Error} when the document has no such markers
 */
export function replaceBetweenMarkers(document, name, content) {
  const open = `<!-- bench:${name} -->`;
  const close = `<!-- /bench:${name} -->`;
  const start = document.indexOf(open);
  const end = document.indexOf(close);
  if (start === -1 || end < start)
    throw new Error(`the document has no markers ${open} … ${close}`);
  return `${document.slice(0, start + open.length)}\n\n${content}\n\n${document.slice(end)}`;
}

/**
 * @param {import('./results.mjs').Results} results
 * @param {Omit<FigureChart, 'file'>} chart
 * @returns {string | null} null without ratios to draw
 */
export function figureChart(results, chart) {
  const { figure, isMoreBetter, title } = chart;
  const rows = chartedRows(results, chart).filter(isBaseLoad);
  /** @type {Map<string, import('./chart.mjs').Bar[]>} */
  const groups = new Map();
  for (const row of rows) {
    const ratio = commandRatio(row, figure);
    if (ratio === null) continue;
    const bars = groups.get(row.command) ?? [];
    const limit = chartedLimit(chart, row);
    bars.push({
      label: `P=${row.pipeline}`,
      ratio,
      ...(limit === undefined ? {} : { target: limit }),
    });
    groups.set(row.command, bars);
  }
  if (groups.size === 0) return null;
  return ratioChart({
    title,
    isMoreBetter,
    groups: [...groups].map(([label, bars]) => ({ label, bars })),
  });
}

/**
 * @param {import('./results.mjs').Results} results
 * @param {Pick<FigureChart, 'scenario' | 'appendfsync'>} chart
 * @returns {(CommandResult & { kind?: import('../scenarios/streams.mjs').StreamKind })[]}
 */
function chartedRows({ scenarios }, { scenario, appendfsync }) {
  // The others are told in the table: they take from a microsecond to many milliseconds.
  if (scenario === 'collections') {
    return scenarios.collections?.rows.filter(({ isBase }) => isBase) ?? [];
  }
  if (scenario !== 'log') return scenarios[scenario]?.rows ?? [];
  return scenarios.log?.rows.filter((row) => row.appendfsync === appendfsync) ?? [];
}

/**
 * @param {Pick<FigureChart, 'scenario' | 'appendfsync' | 'figure'>} chart
 * @param {CommandResult & { kind?: import('../scenarios/streams.mjs').StreamKind }} row
 * @returns {number | undefined} its target, where there is one
 */
function chartedLimit({ scenario, appendfsync, figure }, row) {
  const { command, pipeline, kind } = row;
  if (scenario === 'streams') {
    return kind && streamTargets[kind].find((one) => one.figure === figure)?.limits[pipeline];
  }
  if (scenario !== 'log') {
    return chartedTargets[scenario].find((candidate) => candidate.figure === figure)?.limits[
      pipeline
    ];
  }
  if (figure !== 'requestsPerSecond') return undefined;
  return logTargets.find(
    (one) =>
      one.command === command && one.appendfsync === appendfsync && one.pipeline === pipeline,
  )?.limit;
}
