import type { CommandRow } from './command.ts';

export const counterCommands: readonly CommandRow[] = [];
