import type { CommandRow } from './command.ts';

export const configCommands: readonly CommandRow[] = [];
