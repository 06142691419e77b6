import type { CommandRow } from './command.ts';

export const clientCommands: readonly CommandRow[] = [];
