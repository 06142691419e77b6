import type { CommandRow } from './command.ts';

export const databaseCommands: readonly CommandRow[] = [];
