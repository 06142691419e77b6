// @ts-check
// A section of tables as text for a terminal and as Markdown for the documentation.

/**
 * @typedef {import('./sections.mjs').Section} Section
 * @typedef {import('./sections.mjs').Table} Table
 */

/**
 * @param {Section} section
 * @returns {string} with aligned columns
 */
export function renderText({ title, tables, notes }) {
  const parts = tables.map((table) => `${table.title}\n${textTable(table)}`);
  const remarks = notes.map((note) => `${note}\n`).join('');
  return `\n== ${title} ==\n\n${parts.join('\n')}${remarks === '' ? '' : `\n${remarks}`}`;
}

/**
 * @param {Section} section
 * @returns {string} without a heading, which is the document's own
 */
export function renderMarkdown({ tables, notes }) {
  const parts = tables.map((table) => `**${table.title}**\n\n${markdownTable(table)}`);
  return [...parts, ...notes].join('\n\n');
}

/**
 * @param {Table} table
 * @returns {string}
 */
function textTable({ head, rows }) {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  return lines
    .map((cells) => {
      const padded = cells.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]),
      );
      return `${padded.join('  ')}\n`;
    })
    .join('');
}

/**
 * @param {Table} table
 * @returns {string}
 */
function markdownTable({ head, rows }) {
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
