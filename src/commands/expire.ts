import type { CommandRow } from './command.ts';

export const expireCommands: readonly CommandRow[] = [];
