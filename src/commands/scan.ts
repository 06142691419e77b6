import type { CommandRow } from './command.ts';

export const scanCommands: readonly CommandRow[] = [];
