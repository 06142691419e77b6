// Runs the groups that recovery hands out, with each command's position in its file.
import { type Replay, ReplayError } from '../../dispatch/replay.ts';
import type { Request } from '../../protocol/request.ts';
import { CommandReader, NoCommandError } from '../recovery/commands-of.ts';
import type { RecoveredGroup } from '../recovery/recovery.ts';

type Visit = (request: Request, at: number) => void;

/** Hands the commands of groups to a replay. */
export class GroupRunner {
  readonly #replay: Replay;
  readonly #reader = new CommandReader();
  readonly #runCommand: Visit;
  readonly #checkCommand: Visit;

  constructor(replay: Replay) {
    this.#replay = replay;
    this.#runCommand = (request, at) => replay.run(request, at);
    this.#checkCommand = (request, at) => void replay.check(request, at);
  }

  /**
   * Runs a group.
   * @throws ReplayError
   */
  readonly run = (group: RecoveredGroup): void => {
    const replay = this.#replay;
    replay.begin(group);
    try {
      this.#forEach(group, this.#runCommand);
    } finally {
      replay.suspend();
    }
    replay.end();
  };

  /**
   * Checks the whole commands of a transaction that is about to be cut off as torn: they must exist, as Redis looks
   * up each before it knows that there is no EXEC.
   * @throws ReplayError
   */
  readonly check = (group: RecoveredGroup): void => {
    this.#replay.begin(group);
    this.#replay.suspend();
    this.#forEach(group, this.#checkCommand);
  };

  #forEach(group: RecoveredGroup, visit: Visit): void {
    try {
      this.#reader.forEach(group.bytes, visit);
    } catch (error) {
      if (!(error instanceof NoCommandError)) throw error;
      const place = `${group.file}, byte ${group.positionOf(error.at)}`;
      throw new ReplayError(`${place}: there is no whole command in a group that is sound`);
    }
  }
}
