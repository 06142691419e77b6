// @ts-check
// Bar charts of ratios as SVG, without dependencies. The reference is a line at 1.0 (equal to
// Redis); each bar is a median, the thin line on it the range over rounds, the notch its target.
// The background stays transparent and all colours are mid-tones, so that a chart reads equally
// well on a light and on a dark page, whatever the page thinks the reader prefers.

const WIDTH = 760;
const PLOT_LEFT = 190;
const PLOT_RIGHT = 690;
const VALUES_RIGHT = 748;
const TOP = 80;
const BAR_HEIGHT = 13;
const BAR_STEP = 18;
const GROUP_GAP = 12;

const TEXT = '#737a84';
const GRID = '#8b929c';
const BETTER = '#2a9d8f';
const WORSE = '#e07a3f';
const STRONG = '#5c7cfa';

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {import('../support/statistics.mjs').Spread} ratio
 * @property {number} [target] where its notch stands
 */

/**
 * @typedef {object} RatioChart
 * @property {string} title
 * @property {boolean} isMoreBetter which side of 1.0 is a win
 * @property {{ label: string, bars: Bar[] }[]} groups
 */

/**
 * @param {RatioChart} chart
 * @returns {string} an SVG document
 */
export function ratioChart({ title, isMoreBetter, groups }) {
  const bars = groups.flatMap((group) => group.bars);
  const step = axisStep(Math.max(1.2, ...bars.flatMap((bar) => [bar.ratio.max, bar.target ?? 0])));
  const top = step.ticks[step.ticks.length - 1];
  const x = (/** @type {number} */ ratio) => PLOT_LEFT + (ratio / top) * (PLOT_RIGHT - PLOT_LEFT);

  /** @type {string[]} */
  const marks = [];
  let y = TOP;
  for (const { label, bars } of groups) {
    const middle = y + (bars.length * BAR_STEP) / 2;
    marks.push(text(12, middle + 1, label, { 'font-weight': 600 }));
    for (const bar of bars) {
      marks.push(...barMarks(bar, y, x, isMoreBetter));
      y += BAR_STEP;
    }
    y += GROUP_GAP;
  }
  const bottom = y - GROUP_GAP + 4;
  const axis = step.ticks.flatMap((tick) => [
    line(x(tick), TOP - 6, x(tick), bottom, { stroke: GRID, 'stroke-opacity': 0.3 }),
    text(x(tick), bottom + 16, tick.toFixed(step.decimals), { 'text-anchor': 'middle' }),
  ]);
  const direction = isMoreBetter ? 'longer is better' : 'shorter is better';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 28}" role="img"` +
      ` font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="12" fill="${TEXT}">`,
    `<title>${escapeXml(title)}</title>`,
    text(12, 22, title, { 'font-size': 15, 'font-weight': 600 }),
    text(12, 42, `Synap ÷ Redis, ${direction}; notch: target, thin line: range over rounds`),
    ...axis,
    ...marks,
    line(x(1), TOP - 6, x(1), bottom, { stroke: STRONG, 'stroke-width': 2 }),
    text(x(1), TOP - 16, 'Redis = 1', { 'text-anchor': 'middle', fill: STRONG }),
    '</svg>',
    '',
  ].join('\n');
}

/**
 * @param {Bar} bar
 * @param {number} y its upper edge
 * @param {(ratio: number) => number} x
 * @param {boolean} isMoreBetter
 * @returns {string[]}
 */
function barMarks({ label, ratio, target }, y, x, isMoreBetter) {
  const shown = ratio.median.toFixed(2);
  const isLoss = isMoreBetter ? +shown < 1 : +shown > 1;
  const fill = isLoss ? WORSE : BETTER;
  const middle = y + BAR_HEIGHT / 2;
  const width = x(ratio.median) - PLOT_LEFT;
  const marks = [
    text(PLOT_LEFT - 8, middle, label, { 'text-anchor': 'end' }),
    `<rect${attributes({ x: PLOT_LEFT, y, width, height: BAR_HEIGHT, rx: 2, fill })}/>`,
    line(x(ratio.min), middle, x(ratio.max), middle, { stroke: TEXT, 'stroke-width': 1.5 }),
  ];
  if (target !== undefined) {
    const notch = { stroke: TEXT, 'stroke-width': 2 };
    marks.push(line(x(target), y - 2, x(target), y + BAR_HEIGHT + 2, notch));
  }
  const value = { 'text-anchor': 'end', 'font-weight': 600, fill };
  marks.push(text(VALUES_RIGHT, middle, shown, value));
  return marks;
}

/**
 * @param {number} largest value on the axis, positive
 * @returns {{ ticks: number[], decimals: number }} ticks from 0 to at least the largest, at most 9
 */
export function axisStep(largest) {
  const steps = [0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100];
  const step = steps.find((candidate) => largest / candidate <= 8) ?? largest / 8;
  const count = Math.ceil(largest / step - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, i) => i * step);
  return { ticks, decimals: step === 0.25 ? 2 : step < 1 ? 1 : 0 };
}

/**
 * @param {number} x
 * @param {number} y vertical middle of the text
 * @param {string} content
 * @param {Record<string, string | number>} [extra]
 */
function text(x, y, content, extra = {}) {
  // The middle of the letters, a third of their size above their baseline, stands at y.
  const all = { x, y, dy: '0.35em', ...extra };
  return `<text${attributes(all)}>${escapeXml(content)}</text>`;
}

/**
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 * @param {Record<string, string | number>} extra
 */
function line(x1, y1, x2, y2, extra) {
  return `<line${attributes({ x1, y1, x2, y2, ...extra })}/>`;
}

/** @param {Record<string, string | number>} values */
function attributes(values) {
  return Object.entries(values)
    .map(([name, value]) => {
      const shown = typeof value === 'number' ? Math.round(value * 100) / 100 : escapeXml(value);
      return ` ${name}="${shown}"`;
    })
    .join('');
}

/**
 * @param {string} content
 * @returns {string}
 */
export function escapeXml(content) {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
