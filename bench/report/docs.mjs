// @ts-check
// Writes results into docs/performance.md and draws its charts. The prose belongs to people; only
// what stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` is replaced.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ratioChart } from './chart.mjs';
import { renderMarkdown } from './render.mjs';
import { reportSections } from './sections.mjs';
import { isBaseLoad, stringsRatio, stringsTargets } from './targets.mjs';

const documentFile = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));

/** Figures that have a chart, and the file it goes to, below docs/. */
const charts = /** @type {const} */ ([
  {
    figure: 'requestsPerSecond',
    title: 'Requests per second',
    file: 'images/performance-throughput.svg',
  },
  {
    figure: 'cpuMicrosPerCommand',
    title: 'Server CPU time per command',
    file: 'images/performance-cpu.svg',
  },
]);

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
  const images = [];
  for (const { figure, title, file } of charts) {
    const svg = stringsChart(results, figure, title);
    if (svg === null) continue;
    const path = join(dirname(documentFile), file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, svg);
    written.push(path);
    images.push(`![${title}, Synap ÷ Redis](${file})`);
  }
  if (images.length > 0) {
    document = replaceBetweenMarkers(document, 'charts', images.join('\n\n'));
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
 * @param {'requestsPerSecond' | 'cpuMicrosPerCommand'} figure
 * @param {string} title
 * @returns {string | null} null without ratios to draw
 */
export function stringsChart({ scenarios }, figure, title) {
  const target = stringsTargets.find((candidate) => candidate.figure === figure);
  const rows = scenarios.strings?.rows.filter(isBaseLoad) ?? [];
  /** @type {Map<string, import('./chart.mjs').Bar[]>} */
  const groups = new Map();
  for (const row of rows) {
    const ratio = stringsRatio(row, figure);
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
    isMoreBetter: target?.isMoreBetter ?? true,
    groups: [...groups].map(([label, bars]) => ({ label, bars })),
  });
}
