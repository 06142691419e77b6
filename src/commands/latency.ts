import type { CommandRow } from './command.ts';

export const latencyCommands: readonly CommandRow[] = [];
