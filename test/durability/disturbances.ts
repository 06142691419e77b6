// What a server may be doing, beside running commands, when it dies.
import type { Random } from '../support/random.ts';

/** See the head of this file. */
export interface Disturbance {
  readonly name: string;
  /** Commands that begin it. */
  commands(random: Random): readonly (readonly string[])[];
}

/** All of them; each comes up about as often as any other. */
export const DISTURBANCES: readonly Disturbance[] = [
  { name: 'nothing', commands: () => [] },
  { name: 'a snapshot', commands: () => [['BGSAVE']] },
  { name: 'a snapshot at once', commands: () => [['SAVE']] },
  { name: 'a rewrite of the log', commands: () => [['BGREWRITEAOF']] },
  {
    name: 'a compressed rewrite',
    commands: () => [['CONFIG', 'SET', 'snapshot-compression', 'yes'], ['BGREWRITEAOF']],
  },
  { name: 'a rewrite put off', commands: () => [['BGREWRITEAOF'], ['SAVE']] },
  {
    name: 'another appendfsync',
    commands: (random) => [
      ['CONFIG', 'SET', 'appendfsync', random.pick(['always', 'everysec', 'no'])],
      ['CONFIG', 'SET', 'appendfsync', random.pick(['always', 'everysec', 'no'])],
    ],
  },
];
