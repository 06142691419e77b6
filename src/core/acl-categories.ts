// The ACL categories of a command: those that follow from its group and flags, and those that its
// row names besides.
import type { Command, CommandGroup } from './command.ts';
import { ADMIN, BLOCKING, FAST, PUBSUB, READONLY, WRITE } from './flags.ts';

/** Every category, in the order in which they are listed. */
export const ACL_CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const;

export type AclCategory = (typeof ACL_CATEGORIES)[number];

/** Groups that are categories too: a container of subcommands has its subcommands' alone. */
const CATEGORY_OF_GROUP: Readonly<Partial<Record<CommandGroup, AclCategory>>> = {
  generic: 'keyspace',
  string: 'string',
  list: 'list',
  set: 'set',
  'sorted-set': 'sortedset',
  hash: 'hash',
  transactions: 'transaction',
  connection: 'connection',
  scripting: 'scripting',
  hyperloglog: 'hyperloglog',
  geo: 'geo',
  stream: 'stream',
  bitmap: 'bitmap',
};

/** The categories of a command, in the order of ACL_CATEGORIES. */
export function categoriesOf(command: Command): AclCategory[] {
  const { row, flags } = command;
  const names = new Set<string>(row.categories);
  const group = CATEGORY_OF_GROUP[row.group];
  const isInGroup = command.subcommands === undefined && row.withoutGroupCategory === undefined;
  if (group !== undefined && isInGroup) names.add(group);
  if ((flags & WRITE) !== 0) names.add('write');
  if ((flags & READONLY) !== 0 && !names.has('scripting')) names.add('read');
  if ((flags & ADMIN) !== 0) names.add('admin').add('dangerous');
  if ((flags & PUBSUB) !== 0) names.add('pubsub');
  if ((flags & BLOCKING) !== 0) names.add('blocking');
  names.add((flags & FAST) !== 0 ? 'fast' : 'slow');
  return ACL_CATEGORIES.filter((category) => names.has(category));
}
