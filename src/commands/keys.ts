import type { CommandRow } from './command.ts';

export const keyCommands: readonly CommandRow[] = [];
