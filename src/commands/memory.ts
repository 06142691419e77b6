import type { CommandRow } from './command.ts';

export const memoryCommands: readonly CommandRow[] = [];
