import type { CommandRow } from './command.ts';

export const infoCommands: readonly CommandRow[] = [];
