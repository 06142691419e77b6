// Free pages against a plain model: which of them were free all the time between two calls of `age`.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FreePages } from '../../src/memory/free-pages.ts';

const NONE = -1;

/** The pages of a stack that `age` calls idle, as `visitIdle` has them, sorted. */
function idleOf(pages: FreePages): number[] {
  const idle: number[] = [];
  pages.visitIdle((page) => idle.push(page));
  return idle.sort((a, b) => a - b);
}

describe('free pages', () => {
  test('are taken out in reverse, and there may be none', () => {
    const pages = new FreePages();
    expect(pages.take()).toBe(NONE);
    for (const page of [4, 5, 6]) pages.put(page);
    expect([pages.take(), pages.take(), pages.size]).toEqual([6, 5, 1]);
    expect([pages.take(), pages.take()]).toEqual([4, NONE]);
  });

  test('are idle when they were not needed between two calls', () => {
    const pages = new FreePages();
    for (const page of [1, 2, 3]) pages.put(page);
    pages.age();
    expect(pages.nextIdle()).toBe(NONE);
    pages.take();
    pages.put(9);
    pages.age();
    expect([pages.nextIdle(), pages.nextIdle(), pages.nextIdle()]).toEqual([2, 1, NONE]);
    pages.age();
    expect(idleOf(pages)).toEqual([1, 2, 9]);
    pages.take();
    pages.take();
    expect([pages.nextIdle(), pages.nextIdle()]).toEqual([1, NONE]);
  });

  test('those that are gone are forgotten, wherever they lie', () => {
    const pages = new FreePages();
    for (let page = 0; page < 10; page++) pages.put(page);
    pages.ageAll();
    expect([pages.nextIdle(), pages.nextIdle()]).toEqual([9, 8]);
    pages.remove((page) => page % 2 === 1);
    expect(idleOf(pages)).toEqual([0, 2, 4, 6, 8]);
    const rest = Array.from({ length: 5 }, () => pages.nextIdle());
    expect(rest).toEqual([6, 4, 2, 0, NONE]);
  });

  test('agree with a model that notes when each was last needed', () => {
    const operation = fc.constantFrom('put', 'take', 'age', 'next', 'remove');
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const pages = new FreePages();
        /** In the stack's order: the page, and the calls of `age` since it was put. */
        let model: { page: number; ages: number }[] = [];
        let serial = 0;
        let asked = new Set<number>();
        for (const kind of operations) {
          if (kind === 'put') {
            pages.put(serial);
            model.push({ page: serial++, ages: 0 });
          } else if (kind === 'take') {
            expect(pages.take()).toBe(model.pop()?.page ?? NONE);
          } else if (kind === 'age') {
            pages.age();
            for (const entry of model) entry.ages++;
            asked = new Set();
          } else if (kind === 'remove') {
            pages.remove((page) => page % 3 === 0);
            model = model.filter(({ page }) => page % 3 !== 0);
          } else {
            const idle = model.filter(({ page, ages }) => ages >= 2 && !asked.has(page));
            const page = pages.nextIdle();
            expect(page).toBe(idle.at(-1)?.page ?? NONE);
            asked.add(page);
          }
          const idle = model.filter(({ ages }) => ages >= 2).map(({ page }) => page);
          expect(idleOf(pages)).toEqual(idle);
          expect(pages.size).toBe(model.length);
        }
      }),
      { numRuns: 200 },
    );
  });
});
