import type { CommandRow } from './command.ts';

export const commandCommands: readonly CommandRow[] = [];
