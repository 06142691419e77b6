// The picture of LOLWUT: neurons, each joined to its nearest neighbours by a bent fibre. A
// character of the picture is a Braille pattern of 2 × 4 dots, or a neuron.
// Source of the dots' bits: https://www.unicode.org/charts/PDF/U2800.pdf

const BRAILLE = 0x2800;
const DOTS_WIDE = 2;
const DOTS_HIGH = 4;
/** Bit of the dot at [y][x] in a Braille pattern. */
const DOT_BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/** Characters of the picture for each neuron. */
const CHARACTERS_PER_NEURON = 48;
const CANDIDATES = 6;
const NEIGHBOURS = 2;
const BODIES = '◉●○';
/** How far the middle of a fibre lies beside the straight line, as a part of its length. */
const BEND = 0.35;

/** A point, in dots. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * A picture of `rows` lines of `columns` characters (both ≥ 1), each line with its end. Equal
 * seeds give equal pictures.
 */
export function drawNetwork(columns: number, rows: number, seed: number): string {
  const random = randomNumbers(seed);
  const count = Math.max(2, Math.floor((columns * rows) / CHARACTERS_PER_NEURON));
  const neurons = scatter(count, columns * DOTS_WIDE, rows * DOTS_HIGH, random);
  const cells = Array.from({ length: rows }, () => new Array<number>(columns).fill(BRAILLE));
  for (const neuron of neurons) {
    for (const neighbour of nearest(neuron, neurons)) {
      drawFibre(cells, neuron, neighbour, (random() * 2 - 1) * BEND);
    }
  }
  for (const { x, y } of neurons) {
    const body = BODIES.charCodeAt(Math.floor(random() * BODIES.length));
    cells[Math.floor(y / DOTS_HIGH)][Math.floor(x / DOTS_WIDE)] = body;
  }
  return cells.map((line) => `${String.fromCharCode(...line)}\n`).join('');
}

/** Points without clusters: of several candidates for each, the one farthest from the others. */
function scatter(count: number, width: number, height: number, random: () => number): Point[] {
  const points: Point[] = [];
  while (points.length < count) {
    let best: Point = { x: 0, y: 0 };
    let bestDistance = -1;
    for (let i = 0; i < CANDIDATES; i++) {
      const candidate = { x: random() * width, y: random() * height };
      const distance = Math.min(...points.map((point) => distanceOf(point, candidate)));
      if (distance > bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    points.push(best);
  }
  return points;
}

function nearest(neuron: Point, neurons: readonly Point[]): Point[] {
  return neurons
    .filter((other) => other !== neuron)
    .sort((a, b) => distanceOf(a, neuron) - distanceOf(b, neuron))
    .slice(0, NEIGHBOURS);
}

function distanceOf(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** A quadratic Bézier curve, whose control point lies beside the middle of the line. */
function drawFibre(cells: number[][], from: Point, to: Point, bend: number): void {
  const width = to.x - from.x;
  const height = to.y - from.y;
  const control = { x: from.x + width / 2 - height * bend, y: from.y + height / 2 + width * bend };
  const steps = Math.ceil(Math.hypot(width, height) * 2) + 1;
  for (let i = 0; i <= steps; i++) {
    const t = i / steps;
    const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
    setDot(cells, a * from.x + b * control.x + c * to.x, a * from.y + b * control.y + c * to.y);
  }
}

function setDot(cells: number[][], dotX: number, dotY: number): void {
  const x = Math.floor(dotX);
  const y = Math.floor(dotY);
  const line = cells[Math.floor(y / DOTS_HIGH)];
  const column = Math.floor(x / DOTS_WIDE);
  if (line === undefined || column < 0 || column >= line.length) return;
  line[column] |= DOT_BITS[y % DOTS_HIGH][x % DOTS_WIDE];
}

/** Numbers in [0, 1) that follow from the seed: the generator "mulberry32" by T. Ettinger. */
function randomNumbers(seed: number): () => number {
  let state = (seed % 2 ** 32) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
