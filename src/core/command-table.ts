// All commands by name: the rows of all families, resolved, and found by the bytes of a request.

import { NameTable } from '../protocol/name-table.ts';
import type { Request } from '../protocol/request.ts';
import { Histogram } from '../telemetry/histogram.ts';
import type { Handler } from './call.ts';
import type { CommandCatalog, CommandStats } from './command.ts';
import type { CommandRow, RunnableCommand } from './command-row.ts';
import { BLOCKING, PROTECTED } from './flags.ts';
import { KeyPlan, namesKeys } from './key-plan.ts';
import { HAS_SUBCOMMANDS, PROTECTED_COMMAND } from './restrictions.ts';

const BAR = 0x7c;

/** More arguments than a request can have. */
const ANY_NUMBER = 0x7fffffff;

/** The commands of a server, with their statistics. */
export class CommandTable implements CommandCatalog {
  readonly #byName = new Map<string, RunnableCommand>();
  readonly #byBytes = new NameTable<RunnableCommand>();
  /** By their ids. */
  readonly #byId: RunnableCommand[] = [];

  /** @param families the rows of all families (commands/index.ts) */
  constructor(families: readonly (readonly CommandRow[])[]) {
    for (const family of families) {
      for (const row of family) {
        const command = this.#resolve(row, undefined);
        this.#byName.set(row.name, command);
        this.#byBytes.add(row.name, command);
      }
    }
  }

  /**
   * Gives a command another name, or with '' takes it away (`rename-command`). Names are byte
   * strings in any case.
   * @returns what is wrong, in Redis's words, or undefined
   */
  rename(from: string, to: string): string | undefined {
    const command = this.#byName.get(from.toLowerCase());
    if (command === undefined) return 'No such command in rename-command';
    this.#byName.delete(from.toLowerCase());
    if (to !== '') {
      if (this.#byName.has(to.toLowerCase())) return 'Target command name already exists';
      this.#byName.set(to.toLowerCase(), command);
    }
    this.#byBytes.clear();
    for (const [name, renamed] of this.#byName) this.#byBytes.add(name, renamed);
    return undefined;
  }

  /** Commands without their subcommands, in the table's order. */
  all(): IterableIterator<RunnableCommand> {
    return this.#byName.values();
  }

  get size(): number {
    return this.#byName.size;
  }

  /** The command called so, "container|subcommand" included; in any case. */
  byName(name: string): RunnableCommand | undefined {
    const [container, subcommand, ...more] = name.toLowerCase().split('|');
    if (more.length > 0) return undefined;
    const command = this.#byName.get(container);
    return subcommand === undefined ? command : command?.subcommands?.get(subcommand);
  }

  /** As `byName`, for argument i of a request. */
  named(request: Request, i: number): RunnableCommand | undefined {
    const at = request.offsets[i];
    const found = this.#byBytes.find(request.buffer, at, request.lengths[i]);
    if (found !== undefined || !request.bytes(i).includes(BAR)) return found;
    return this.byName(request.word(i));
  }

  /** Every command and subcommand that can run. */
  *runnable(): IterableIterator<RunnableCommand> {
    for (const command of this.#byName.values()) {
      yield command;
      yield* command.subcommands?.values() ?? [];
    }
  }

  /**
   * The command that the request's first argument names, without looking for a subcommand.
   * Allocates nothing.
   */
  find(request: Request): RunnableCommand | undefined {
    return this.#byBytes.find(request.buffer, request.offsets[0], request.lengths[0]);
  }

  /** The command with an id, subcommand or not. @throws RangeError when there is none */
  at(id: number): RunnableCommand {
    const command = this.#byId[id];
    if (command === undefined) throw new RangeError(`there is no command ${id}`);
    return command;
  }

  /** Sets the statistics of all commands back. */
  resetStats(): void {
    for (const command of this.runnable()) command.stats = noStats();
  }

  #resolve(row: CommandRow, parent: RunnableCommand | undefined): RunnableCommand {
    const subcommands =
      row.subcommands === undefined ? undefined : new Map<string, RunnableCommand>();
    const { keys = [] } = row;
    const slotPlan = new KeyPlan(keys);
    const command: RunnableCommand = {
      row,
      id: this.#byId.length,
      fullName: parent === undefined ? row.name : `${parent.row.name}|${row.name}`,
      parent,
      isContainer: row.handler === undefined,
      arity: row.arity,
      flags: row.flags,
      restrictions: restrictionsOf(row),
      keys,
      keyPlan: keys.every(namesKeys) ? slotPlan : new KeyPlan(keys.filter(namesKeys)),
      slotPlan,
      handler: row.handler ?? missingHandler(row.name),
      quickUpTo: quickUpToOf(row),
      firstLarge: row.largeArguments?.[0] ?? 0,
      largeStep: row.largeArguments?.[1] ?? 0,
      stats: noStats(),
      subcommands,
    };
    this.#byId.push(command);
    for (const sub of row.subcommands ?? [])
      subcommands?.set(sub.name, this.#resolve(sub, command));
    return command;
  }
}

/** Up to how many arguments a call never takes long. What may wait is timed by itself. */
function quickUpToOf({ quickUpTo, complexity, flags }: CommandRow): number {
  if (quickUpTo !== undefined) return quickUpTo;
  return complexity === 'O(1)' && (flags & BLOCKING) === 0 ? ANY_NUMBER : 0;
}

/** Dispatch never runs a container itself; a row that has neither is a mistake in the table. */
function missingHandler(name: string): Handler {
  return () => {
    throw new Error(`the command ${name} has no handler`);
  };
}

function noStats(): CommandStats {
  return { calls: 0, totalUs: 0, rejected: 0, failed: 0, histogram: new Histogram() };
}

function restrictionsOf({ subcommands, flags }: CommandRow): number {
  return (
    (subcommands === undefined ? 0 : HAS_SUBCOMMANDS) |
    ((flags & PROTECTED) === 0 ? 0 : PROTECTED_COMMAND)
  );
}
