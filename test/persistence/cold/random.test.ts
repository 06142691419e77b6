// Appends, reads, drops, holds, failures and restarts at random, many at once, against what must be there.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { ColdError } from '../../../src/persistence/cold/cold-error.ts';
import type { ColdLog } from '../../../src/persistence/cold/cold-log.ts';
import { ColdStore } from '../../../src/persistence/cold/cold-store.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { byTier } from '../../support/tier.ts';
import {
  expectAll,
  extentOf,
  FaultyFiles,
  noiseOf,
  refsOf,
  type Stored,
  store,
  systemError,
  textOf,
} from './cold-blocks.ts';

const SEEDS = byTier(6, 60);
const STEPS = 250;

interface Model {
  log: ColdLog;
  /** What was appended and not dropped. */
  stored: Stored[];
}

let folder: string;
let files: FaultyFiles;

beforeEach(() => {
  folder = join(ownDirectory(), 'streams');
  files = new FaultyFiles();
});

function randomFrom(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`seed ${seed}`, async () => {
    const random = randomFrom(seed);
    const options = { files, maxSegmentBytes: 2000, cacheBytes: random(2) * 5000 };
    let cold = await ColdStore.open(folder, options);
    await cold.sweep([]);
    let models: Model[] = Array.from({ length: 3 }, () => ({ log: cold.create(), stored: [] }));
    let number = 0;
    let underWay: Promise<unknown>[] = [];
    const holds: { release: () => void; kept: { log: ColdLog; stored: Stored[] }[] }[] = [];

    const append = (model: Model) => {
      const extents = Array.from({ length: 1 + random(8) }, () => {
        const make = random(3) === 0 ? noiseOf : textOf;
        return extentOf(++number, make(number, 1 + random(600)));
      });
      underWay.push(
        store(model.log, extents).then(
          (appended) => void model.stored.push(...appended),
          (error) => expect(error.message).toMatch(/injected|deleted/),
        ),
      );
    };
    const read = async ({ log, stored }: Model) => {
      const known = stored[random(stored.length)];
      if (known === undefined) return;
      if (random(3) === 0) log.readAhead(refsOf(stored).slice(0, 4));
      const found = log.read(known.ref);
      underWay.push(
        found.then(
          ({ payload }) => expect(payload.equals(known.extent.payload)).toBe(true),
          // Dropped meanwhile.
          (error) => {
            expect((error as ColdError).kind).toBe('missing');
            expect(model(log)?.stored.includes(known) ?? false).toBe(false);
          },
        ),
      );
    };
    const model = (log: ColdLog) => models.find((each) => each.log === log);
    const drop = (each: Model) => {
      const segment = each.stored[random(each.stored.length)]?.ref.segment ?? 0;
      each.stored = each.stored.filter(({ ref }) => ref.segment >= segment);
      each.log.dropBefore(segment);
    };
    const settle = async () => {
      await Promise.all(underWay);
      underWay = [];
    };
    const release = async () => {
      const hold = holds.shift();
      if (hold === undefined) return;
      for (const { log, stored } of hold.kept) await expectAll(log, stored);
      hold.release();
    };
    const restart = async () => {
      await settle();
      while (holds.length > 0) await release();
      await cold.close();
      cold = await ColdStore.open(folder, options);
      models = models.map(({ log, stored }) => ({ log: cold.log(log.id), stored }));
      for (const { log, stored } of models) {
        if (random(3) > 0) expect(await log.verify(refsOf(stored))).toEqual([]);
      }
      await cold.sweep(
        models.map(({ log, stored }) => [log.id, stored.map(({ ref }) => ref.segment)] as const),
      );
    };

    for (let step = 0; step < STEPS; step++) {
      const each = models[random(models.length)];
      const kind = random(100);
      if (kind < 35) append(each);
      else if (kind < 70) await read(each);
      else if (kind < 78) drop(each);
      else if (kind < 80) {
        each.log.delete();
        models = models.map((other) =>
          other === each ? { log: cold.create(), stored: [] } : other,
        );
      } else if (kind < 84) {
        const kept = models.map(({ log, stored }) => ({ log, stored: [...stored] }));
        holds.push({ release: cold.hold(), kept });
      } else if (kind < 88) await release();
      else if (kind < 92) {
        let left = 1 + random(3);
        files.fault = (operation) => {
          const isWrite = ['write', 'datasync', 'truncate', 'syncFolder'].includes(operation);
          return isWrite && random(3) === 0 && left-- > 0 ? systemError('ENOSPC') : undefined;
        };
      } else if (kind < 98) await settle();
      else await restart();
    }
    files.fault = () => undefined;
    await restart();
    await cold.deleted();
    for (const { log, stored } of models) {
      expect(await log.verify(refsOf(stored), { payloads: true })).toEqual([]);
      await expectAll(log, stored);
    }
    const referenced = new Set(
      models.flatMap(({ log, stored }) => stored.map(({ ref }) => `${log.id}-${ref.segment}`)),
    );
    const names = readdirSync(folder).filter((name) => name.endsWith('.cold'));
    expect(names).toHaveLength(referenced.size);
    await cold.close();
    expect(files.descriptors.size).toBe(0);
  });
}
