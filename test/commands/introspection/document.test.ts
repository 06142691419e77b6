// docs/commands.md is the command table in words. After a change of the table, write it anew with
// `npx vitest run test/commands/introspection/document.test.ts -u`.

import { describe, expect, test } from 'vitest';
import { families } from '../../../src/commands/index.ts';
import { commandReference, usageOf } from '../../../src/commands/introspection/document.ts';
import { CommandTable } from '../../../src/core/command-table.ts';

const table = new CommandTable(families);

test('docs/commands.md tells what the table tells', async () => {
  await expect(commandReference(table)).toMatchFileSnapshot('../../../docs/commands.md');
});

test('every command that can be called is in it', () => {
  const text = commandReference(table).replaceAll('\\|', '|');
  for (const command of table.runnable()) {
    if (!command.isContainer) expect(text).toContain(`| \`${usageOf(command)}\` |`);
  }
});

describe('usage', () => {
  test.each([
    ['get', 'GET key'],
    ['del', 'DEL key [key …]'],
    ['mset', 'MSET key value [key value …]'],
    [
      'set',
      'SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]',
    ],
    [
      'client|kill',
      'CLIENT KILL <ip:port | <ID client-id | TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB> | USER username | ADDR ip:port | LADDR ip:port | SKIPME yes/no> …>',
    ],
    ['command|info', 'COMMAND INFO [command-name [command-name …]]'],
    [
      'command|list',
      'COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]',
    ],
  ])('%s', (name, usage) => {
    const command = table.byName(name);
    expect(command && usageOf(command)).toBe(usage);
  });
});
