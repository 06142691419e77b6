// All commands by name: rows of the families' files, resolved, and found by the bytes of a request.
import { NameTable } from '../protocol/name-table.ts';
import type { Request } from '../protocol/request.ts';
import { Histogram } from '../telemetry/histogram.ts';
import { clientCommands } from './client-commands.ts';
import type { Command, CommandRow, CommandStats, Handler } from './command.ts';
import { commandCommands } from './command-introspection.ts';
import { configCommands } from './config-commands.ts';
import { connectionCommands } from './connection.ts';
import { counterCommands } from './counters.ts';
import { databaseCommands } from './databases.ts';
import { debugCommands } from './debug.ts';
import { dumpCommands } from './dump.ts';
import { expireCommands } from './expire.ts';
import { BLOCKING } from './flags.ts';
import { infoCommands } from './info.ts';
import { keyCommands } from './keys.ts';
import { latencyCommands } from './latency.ts';
import { lcsCommands } from './lcs.ts';
import { listBlockingCommands } from './list-blocking.ts';
import { listElementCommands } from './list-elements.ts';
import { listMoveCommands } from './list-moves.ts';
import { listCommands } from './lists.ts';
import { logRewritingCommands } from './log-rewriting.ts';
import { memoryCommands } from './memory.ts';
import { migrateCommands } from './migrate.ts';
import { moduleCommands } from './modules.ts';
import { monitorCommands } from './monitor.ts';
import { objectCommands } from './object.ts';
import { pubsubCommands } from './pubsub.ts';
import { pubsubIntrospectionCommands } from './pubsub-introspection.ts';
import { scanCommands } from './scan.ts';
import { serverCommands } from './server.ts';
import { shutdownCommands } from './shutdown.ts';
import { slowlogCommands } from './slowlog.ts';
import { snapshotCommands } from './snapshots.ts';
import { stringRangeCommands } from './string-ranges.ts';
import { stringCommands } from './strings.ts';
import { transactionCommands } from './transactions.ts';

const FAMILIES: readonly (readonly CommandRow[])[] = [
  stringCommands,
  stringRangeCommands,
  counterCommands,
  lcsCommands,
  listCommands,
  listElementCommands,
  listMoveCommands,
  listBlockingCommands,
  keyCommands,
  expireCommands,
  scanCommands,
  dumpCommands,
  migrateCommands,
  objectCommands,
  connectionCommands,
  clientCommands,
  transactionCommands,
  pubsubCommands,
  pubsubIntrospectionCommands,
  commandCommands,
  infoCommands,
  configCommands,
  serverCommands,
  databaseCommands,
  slowlogCommands,
  snapshotCommands,
  logRewritingCommands,
  latencyCommands,
  memoryCommands,
  moduleCommands,
  monitorCommands,
  shutdownCommands,
  debugCommands,
];

const BAR = 0x7c;

/** More arguments than a request can have. */
const ANY_NUMBER = 0x7fffffff;

/** The commands of a server, with their statistics. */
export class CommandTable {
  readonly #byName = new Map<string, Command>();
  readonly #byBytes = new NameTable<Command>();

  constructor() {
    for (const family of FAMILIES) {
      for (const row of family) {
        const command = resolve(row, undefined);
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
  all(): IterableIterator<Command> {
    return this.#byName.values();
  }

  get size(): number {
    return this.#byName.size;
  }

  /** The command called so, "container|subcommand" included; in any case. */
  byName(name: string): Command | undefined {
    const [container, subcommand, ...more] = name.toLowerCase().split('|');
    if (more.length > 0) return undefined;
    const command = this.#byName.get(container);
    return subcommand === undefined ? command : command?.subcommands?.get(subcommand);
  }

  /** As `byName`, for argument i of a request. */
  named(request: Request, i: number): Command | undefined {
    const at = request.offsets[i];
    const found = this.#byBytes.find(request.buffer, at, request.lengths[i]);
    if (found !== undefined || !request.bytes(i).includes(BAR)) return found;
    return this.byName(request.word(i));
  }

  /** Every command and subcommand that can run. */
  *runnable(): IterableIterator<Command> {
    for (const command of this.#byName.values()) {
      yield command;
      yield* command.subcommands?.values() ?? [];
    }
  }

  /**
   * The command that the request's first argument names, without looking for a subcommand.
   * Allocates nothing.
   */
  find(request: Request): Command | undefined {
    return this.#byBytes.find(request.buffer, request.offsets[0], request.lengths[0]);
  }

  /** Sets the statistics of all commands back. */
  resetStats(): void {
    for (const command of this.runnable()) command.stats = noStats();
  }
}

function resolve(row: CommandRow, parent: Command | undefined): Command {
  const subcommands = row.subcommands === undefined ? undefined : new Map<string, Command>();
  const command: Command = {
    row,
    fullName: parent === undefined ? row.name : `${parent.row.name}|${row.name}`,
    parent,
    arity: row.arity,
    flags: row.flags,
    keys: row.keys ?? [],
    handler: row.handler ?? missingHandler(row.name),
    quickUpTo: quickUpToOf(row),
    keyStep: keyStepOf(row),
    firstLarge: row.largeArguments?.[0] ?? 0,
    largeStep: row.largeArguments?.[1] ?? 0,
    stats: noStats(),
    subcommands,
  };
  for (const sub of row.subcommands ?? []) subcommands?.set(sub.name, resolve(sub, command));
  return command;
}

/** Up to how many arguments a call never takes long. What may wait is timed by itself. */
function quickUpToOf({ quickUpTo, complexity, flags }: CommandRow): number {
  if (quickUpTo !== undefined) return quickUpTo;
  return complexity === 'O(1)' && (flags & BLOCKING) === 0 ? ANY_NUMBER : 0;
}

/** Distance between the keys of a command that takes any number of them from argument 1 on. */
function keyStepOf({ keys }: CommandRow): number {
  const [spec] = keys ?? [];
  if (spec?.search.kind !== 'index' || spec.search.index !== 1) return 0;
  return spec.extent.kind === 'range' && spec.extent.lastKey === -1 ? spec.extent.step : 0;
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
