import type { CommandRow } from './command.ts';

export const stringCommands: readonly CommandRow[] = [];
