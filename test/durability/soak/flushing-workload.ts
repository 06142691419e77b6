// The modelled client's load with FLUSHALL among it: everything of the server goes at some moment
// between two of its own steps, whatever snapshot or rewrite is under way.
import type { CommandGrammar } from '../../support/command-grammar.ts';
import { exact } from '../../support/comparers.ts';
import type { Random } from '../../support/random.ts';
import { type Step, Workload } from '../workload.ts';

const FLUSH_SHARE = 0.0005;
const FLUSHES = [['FLUSHALL'], ['FLUSHALL', 'SYNC'], ['FLUSHALL', 'ASYNC']];

/** See the head of this file. */
export class FlushingWorkload extends Workload {
  flushes = 0;
  readonly #choice: Random;

  constructor(random: Random, grammars: readonly CommandGrammar[], databases: readonly number[]) {
    super(random, grammars, databases);
    this.#choice = random;
  }

  override next(): Step {
    if (!this.#choice.chance(FLUSH_SHARE)) return super.next();
    this.flushes++;
    return { commands: [this.#choice.pick(FLUSHES)], comparers: [exact] };
  }
}
