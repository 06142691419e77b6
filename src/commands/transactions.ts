import type { CommandRow } from './command.ts';

export const transactionCommands: readonly CommandRow[] = [];
