// A process for crash.test.ts: appends numbered extents, and prints each with its place as soon as it is on disk, until
// it is killed. Run from the built sources.

import { readFileSync, writeSync } from 'node:fs';
import { ColdStore } from '../../../build/persistence/cold/cold-store.js';

const [folder, id, first, known] = process.argv.slice(2);
const store = await ColdStore.open(folder, { maxSegmentBytes: 50_000 });
const log = store.log(id);
const refs = JSON.parse(readFileSync(known, 'utf8')).map(({ number, ...place }) => ({
  ...place,
  ...idsOf(number),
}));
const problems = await log.verify(refs, { payloads: true });
if (problems.length > 0) throw problems[0];
await store.sweep([[id, refs.map(({ segment }) => segment)]]);

for (let next = Number(first); ; ) {
  const numbers = Array.from({ length: 1 + ((next * 7) % 40) }, (_, i) => next + i);
  const extents = numbers.map((number) => ({
    payload: Buffer.from(`payload ${number}, `.repeat(1 + ((number * 31) % 200))),
    ...idsOf(number),
    entries: number,
    tag: 0,
  }));
  const locations = await log.append(extents);
  const lines = locations.map((place, i) => JSON.stringify({ number: numbers[i], ...place }));
  writeSync(1, `${lines.join('\n')}\n`);
  next += numbers.length;
}

/** @param {number} number */
function idsOf(number) {
  const firstId = Buffer.alloc(16);
  firstId.writeUInt32BE(number, 12);
  return { firstId, lastId: firstId };
}
