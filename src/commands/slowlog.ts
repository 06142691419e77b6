import type { CommandRow } from './command.ts';

export const slowlogCommands: readonly CommandRow[] = [];
