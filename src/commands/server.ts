import type { CommandRow } from './command.ts';

export const serverCommands: readonly CommandRow[] = [];
