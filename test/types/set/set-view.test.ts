// Views of sets: those of very many sets that are read one after another take little memory beside them.
import { expect, test } from 'vitest';
import { valueTypes } from '../../../src/types/index.ts';
import { setType } from '../../../src/types/set/descriptor.ts';
import { TypeBench } from '../conformance/bench.ts';
import { setFixture } from './fixture.ts';

const VIEWS = 5000;
const MEBIBYTE = 1 << 20;

test.each(['SUNION', 'SINTER', 'SDIFF'])(
  '%s of thousands of tables takes no buffer for each',
  (name) => {
    const bench = new TypeBench({ types: valueTypes, type: setType, fixture: setFixture });
    bench.runAll([
      ['SADD', 'table', '1', 'x'],
      ['SADD', 'first', 'y'],
    ]);
    const before = process.memoryUsage().arrayBuffers;
    bench.run(name, 'first', ...Array.from({ length: VIEWS }, () => 'table'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * MEBIBYTE);
  },
);
