import type { CommandRow } from './command.ts';

export const objectCommands: readonly CommandRow[] = [];
