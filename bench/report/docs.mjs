// @ts-check
// Writes results into docs/performance.md and draws its charts. The prose belongs to people; only
// what stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` is replaced.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ratioChart } from './chart.mjs';
import { renderMarkdown } from './render.mjs';
import { reportSections } from './sections.mjs';
import { commandRatio, isBaseLoad, listsTargets, stringsTargets } from './targets.mjs';

const documentFile = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));

/**
 * A figure that has a chart.
 * @typedef {object} FigureChart
 * @property {'strings' | 'lists'} scenario
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
];

const targetsOf = { strings: stringsTargets, lists: listsTargets };

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
export function figureChart({ scenarios }, { scenario, figure, isMoreBetter, title }) {
  const target = targetsOf[scenario].find((candidate) => candidate.figure === figure);
  const rows = scenarios[scenario]?.rows.filter(isBaseLoad) ?? [];
  /** @type {Map<string, import('./chart.mjs').Bar[]>} */
  const groups = new Map();
  for (const row of rows) {
    const ratio = commandRatio(row, figure);
    if (ratio === null) continue;
    const bars = groups.get(row.command) ?? [];
    const limit = target?.limits[row.pipeline];
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
