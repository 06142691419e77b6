// Who may do what.
import { section } from '../directive.ts';
import { renamings, wordLines } from '../kinds/lists.ts';
import { integer, LONG_MAX } from '../kinds/numbers.ts';
import { oneOf, secret, text } from '../kinds/scalars.ts';

/** Whether something guarded is allowed: never, always, or to clients on the same machine. */
const permission = () => oneOf('no', 'yes', 'local');

export const security = section('security', 'Security', {
  requirepass: {
    kind: secret(),
    default: '',
    sensitive: true,
    status: 'active',
    doc: 'Password of the default user, which clients give with AUTH or HELLO. Empty asks for none.',
  },
  'rename-command': {
    kind: renamings(),
    fileOnly: true,
    example: 'FLUSHALL ""',
    status: 'active',
    doc: 'Gives a command another name, or removes it when the new name is empty.',
  },
  'enable-protected-configs': {
    kind: permission(),
    default: 'no',
    immutable: true,
    status: 'active',
    doc: 'Whether CONFIG SET may change `dir` and `dbfilename`: `no`, `yes`, or `local` for clients on this machine.',
  },
  'enable-debug-command': {
    kind: permission(),
    default: 'no',
    immutable: true,
    status: 'active',
    doc: 'Whether DEBUG may be used: `no`, `yes`, or `local` for clients on this machine.',
  },
  'enable-module-command': {
    kind: permission(),
    default: 'no',
    immutable: true,
    status: 'active',
    doc: 'Which clients may use MODULE. There are no modules here: it answers as a Redis that cannot load them.',
  },
  aclfile: {
    kind: text({ summary: 'path' }),
    default: '',
    immutable: true,
    status: 'later',
    warns: true,
    doc: 'File that holds the users and what they may do.',
  },
  user: {
    kind: wordLines("a user's name and rules; repeatable"),
    fileOnly: true,
    example: 'worker on >secret ~jobs:* +@all',
    status: 'later',
    warns: true,
    doc: 'A user and what it may do, in the language of ACL SETUSER.',
  },
  'acl-pubsub-default': {
    kind: oneOf('allchannels', 'resetchannels'),
    default: 'resetchannels',
    status: 'later',
    doc: 'Channels that a new user may use.',
  },
  'acllog-max-len': {
    kind: integer({ min: 0, max: LONG_MAX }),
    default: '128',
    status: 'later',
    doc: 'Entries that ACL LOG keeps.',
  },
});
