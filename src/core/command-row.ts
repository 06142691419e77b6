// The row that declares a command: everything that is known of it, once, beside its handler.
import type { Handler } from './call.ts';
import type { Command, CommandDescription } from './command.ts';
import type { OptionTable } from './options.ts';

/** A row of the command table, as it is written in a family's file. */
export interface CommandRow extends CommandDescription {
  /** Its options, where a table reads them: a test holds their words equal to those of `syntax`. */
  readonly options?: OptionTable;
  /** Absent only where `subcommands` are. */
  readonly handler?: Handler;
  readonly subcommands?: readonly CommandRow[];
}

/** A command with what runs it. */
export interface RunnableCommand extends Command {
  readonly row: CommandRow;
  readonly handler: Handler;
  /** By second word, lower case; undefined for a command without subcommands. */
  readonly subcommands: ReadonlyMap<string, RunnableCommand> | undefined;
}
