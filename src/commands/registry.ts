// All commands by name: rows of the families' files, resolved, and found by the bytes of a request.
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
  monitorCommands,
  shutdownCommands,
  debugCommands,
];

/** More arguments than a request can have. */
const ANY_NUMBER = 0x7fffffff;

/** Slots of the name table: a power of two, several times the number of commands. */
const NAME_SLOTS = 2048;

interface NameSlot {
  readonly name: Buffer;
  readonly command: Command | undefined;
}

/** The empty name, which no command has. */
const NO_NAME: NameSlot = { name: Buffer.alloc(0), command: undefined };

/** The commands of a server, with their statistics. */
export class CommandTable {
  readonly #byName = new Map<string, Command>();
  #lastFound: NameSlot = NO_NAME;
  readonly #slots: (NameSlot | undefined)[] = new Array(NAME_SLOTS).fill(undefined);

  constructor() {
    for (const family of FAMILIES) {
      for (const row of family) this.#add(row.name, resolve(row, undefined));
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
    this.#slots.fill(undefined);
    this.#lastFound = NO_NAME;
    for (const [name, renamed] of this.#byName) this.#enter(name, renamed);
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
    const bytes = request.buffer;
    const offset = request.offsets[0];
    const length = request.lengths[0];
    // A pipeline mostly repeats its command.
    if (isName(this.#lastFound.name, bytes, offset, length)) return this.#lastFound.command;
    let slot = hashName(bytes, offset, length);
    for (;;) {
      const entry = this.#slots[slot];
      if (entry === undefined) return undefined;
      if (isName(entry.name, bytes, offset, length)) {
        this.#lastFound = entry;
        return entry.command;
      }
      slot = (slot + 1) & (NAME_SLOTS - 1);
    }
  }

  /** Sets the statistics of all commands back. */
  resetStats(): void {
    for (const command of this.runnable()) command.stats = noStats();
  }

  #add(name: string, command: Command): void {
    this.#byName.set(name, command);
    this.#enter(name, command);
  }

  #enter(name: string, command: Command): void {
    const bytes = Buffer.from(name, 'latin1');
    let slot = hashName(bytes, 0, bytes.length);
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & (NAME_SLOTS - 1);
    this.#slots[slot] = { name: bytes, command };
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

function hashName(bytes: Uint8Array, offset: number, length: number): number {
  let hash = length;
  for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + (bytes[offset + i] | 32)) | 0;
  return (hash ^ (hash >>> 15)) & (NAME_SLOTS - 1);
}

function isName(name: Uint8Array, bytes: Uint8Array, offset: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) {
    let byte = bytes[offset + i];
    if (byte >= 65 && byte <= 90) byte |= 32;
    if (byte !== name[i]) return false;
  }
  return true;
}
