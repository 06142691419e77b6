import type { CommandRow } from './command.ts';

export const connectionCommands: readonly CommandRow[] = [];
