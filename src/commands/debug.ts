import type { CommandRow } from './command.ts';

export const debugCommands: readonly CommandRow[] = [];
