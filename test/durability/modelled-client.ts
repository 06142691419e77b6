// A client whose databases nobody else changes. What may be in them after a crash is known exactly:
// the same steps are run on another server, the oracle, up to the last one that was answered, and
// from there one at a time until both hold the same. If they never do, something is lost, or half of
// a step is there. The replies before the crash are compared as well.
import { escapeBytes, showCommand } from '../support/command-line.ts';
import type { Random } from '../support/random.ts';
import type { RawClient } from '../support/raw-client.ts';
import { type Reply, textOf } from '../support/reply-frames.ts';
import { type Actor, connectTo, pump } from './actors.ts';
import { ask, differences, type State, showDifferences, stateOf } from './model.ts';
import { encodeStep, type Step, showStep, type Workload } from './workload.ts';

/** Steps that may be outstanding. */
const WINDOW = 12;
const SPLIT_SHARE = 0.05;
const SHOWN_STEPS = 12;
const SHOWN_BYTES = 300;

/** See the head of this file. */
export class ModelledClient implements Actor {
  readonly workload: Workload;
  /** Steps whose replies were all compared. */
  compared = 0;
  /** What CLIENT ID says of its connection; 0 before the first. */
  connectionId = 0;
  readonly #random: Random;
  readonly #oraclePort: number;
  readonly #oracle: RawClient;
  /** Since the last crash; and the replies that came. */
  #steps: Step[] = [];
  #replies: Reply[] = [];
  #finished: Promise<void> = Promise.resolve();

  private constructor(oraclePort: number, oracle: RawClient, random: Random, workload: Workload) {
    this.#oraclePort = oraclePort;
    this.#oracle = oracle;
    this.#random = random;
    this.workload = workload;
  }

  /** @param workload its databases belong to this client, here and in the oracle */
  static async create(
    oraclePort: number,
    random: Random,
    workload: Workload,
  ): Promise<ModelledClient> {
    return new ModelledClient(oraclePort, await connectTo(oraclePort), random, workload);
  }

  async begin(port: number): Promise<void> {
    const client = await connectTo(port);
    this.connectionId = Number(textOf(await client.command('CLIENT', 'ID')));
    this.#finished = this.#work(client);
  }

  ended(): Promise<void> {
    return this.#finished;
  }

  /** The oracle must have no open transaction of before: it has a connection for each crash. */
  async verify(client: RawClient): Promise<void> {
    const runner = await connectTo(this.#oraclePort);
    try {
      const answered = await this.#catchUp(runner);
      await this.#match(runner, answered, await stateOf(client, this.workload.databases));
      this.compared += answered;
    } finally {
      await runner.close();
    }
    this.#steps = [];
    this.#replies = [];
  }

  async forget(): Promise<void> {
    for (const database of this.workload.databases) {
      await ask(this.#oracle, [['SELECT', String(database)], ['FLUSHDB']]);
    }
  }

  async close(): Promise<void> {
    await this.#oracle.close();
  }

  #work(client: RawClient): Promise<void> {
    let isFirst = true;
    return pump(client, this.#random, {
      window: WINDOW,
      send: () => {
        const step = isFirst ? this.workload.first() : this.workload.next();
        isFirst = false;
        this.#steps.push(step);
        this.#send(client, encodeStep(step));
        return step.commands.length;
      },
      onReply: (reply) => this.#replies.push(reply),
    });
  }

  /** In two pieces now and then: the server may die between them. */
  #send(client: RawClient, bytes: Buffer): void {
    if (!this.#random.chance(SPLIT_SHARE)) {
      client.send(bytes);
      return;
    }
    const cut = this.#random.integer(1, bytes.length - 1);
    client.send(bytes.subarray(0, cut));
    client.send(bytes.subarray(cut));
  }

  /** Runs the steps that were answered on the oracle, and compares the replies; returns how many. */
  async #catchUp(runner: RawClient): Promise<number> {
    const answered = this.#answeredSteps();
    const steps = this.#steps.slice(0, answered);
    const expected = await ask(
      runner,
      steps.flatMap(({ commands }) => commands),
    );
    const comparers = steps.flatMap((step) => step.comparers);
    const wrong = comparers.findIndex((comparer, i) => {
      return !comparer.equal(expected[i], this.#replies[i]);
    });
    if (wrong === -1) return answered;
    const actual = escapeBytes(this.#replies[wrong].bytes.subarray(0, SHOWN_BYTES));
    const wanted = escapeBytes(expected[wrong].bytes.subarray(0, SHOWN_BYTES));
    const command = showCommand(steps.flatMap(({ commands }) => commands)[wrong]);
    throw new Error(`the reply to ${command} was ${actual}, not ${wanted}`);
  }

  #answeredSteps(): number {
    let left = this.#replies.length;
    const index = this.#steps.findIndex(({ commands }) => {
      left -= commands.length;
      return left < 0;
    });
    return index === -1 ? this.#steps.length : index;
  }

  async #match(runner: RawClient, answered: number, actual: State): Promise<void> {
    const tried: string[] = [];
    for (let step = answered; ; step++) {
      const expected = await stateOf(this.#oracle, this.workload.databases);
      if (differences(expected, actual).length === 0) return;
      tried.push(`after ${step - answered} more: ${showDifferences(expected, actual)}`);
      if (step === this.#steps.length) break;
      await ask(runner, this.#steps[step].commands);
    }
    throw new Error(
      `the data is that of no moment after the last reply:\n${tried.join('\n')}\n${this.#show(answered)}`,
    );
  }

  #show(answered: number): string {
    const before = this.#steps.slice(Math.max(0, answered - SHOWN_STEPS), answered).map(showStep);
    const after = this.#steps.slice(answered).map(showStep);
    return `answered:\n  ${before.join('\n  ')}\nnot answered:\n  ${after.join('\n  ')}`;
  }
}
