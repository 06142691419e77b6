// What SHUTDOWN's words ask the server for.

import { expect, test } from 'vitest';
import { shutdownCommands } from '../../../src/commands/server/shutdown.ts';
import type { ShutdownOptions } from '../../../src/core/services.ts';
import { TestServer } from '../../support/test-call.ts';

/** Runs a line; tells its reply and what the server was asked for. */
function shutdown(line: string, outcome: { error?: string; aborts?: boolean } = {}) {
  const asked: ShutdownOptions[] = [];
  const server = new TestServer(shutdownCommands, {
    shutdown: {
      begin: (options) => {
        asked.push(options);
        return outcome.error;
      },
      abort: () => outcome.aborts ?? false,
    },
  });
  return { reply: server.run(server.connect(), ...line.split(' ')), asked };
}

test.each([
  ['SHUTDOWN', { save: 'default', now: false, force: false }],
  ['SHUTDOWN NOSAVE', { save: 'nosave', now: false, force: false }],
  ['SHUTDOWN save', { save: 'save', now: false, force: false }],
  ['SHUTDOWN now', { save: 'default', now: true, force: false }],
  ['SHUTDOWN FORCE NOW Save force', { save: 'save', now: true, force: true }],
])('%s', (line, options) => {
  const { reply, asked } = shutdown(line);
  expect(reply).toBe('');
  expect(asked).toEqual([{ ...options, reason: 'SHUTDOWN by client 1 at 127.0.0.1:60866' }]);
});

test.each([
  'SHUTDOWN bogus',
  'SHUTDOWN SAVE NOSAVE',
  'SHUTDOWN ABORT NOW',
  'SHUTDOWN NOSAVE ABORT',
  'SHUTDOWN ABORT SAVE',
  'SHUTDOWN FORCE ABORT',
  'SHUTDOWN NOW bogus',
])('%s is refused', (line) => {
  expect(shutdown(line, { aborts: true })).toEqual({ reply: '-ERR syntax error\r\n', asked: [] });
});

test('ABORT takes back a shutdown that waits', () => {
  expect(shutdown('SHUTDOWN abort', { aborts: true }).reply).toBe('+OK\r\n');
  expect(shutdown('SHUTDOWN ABORT').reply).toBe('-ERR No shutdown in progress.\r\n');
});

test('a shutdown that cannot begin is answered', () => {
  const error = 'ERR Errors trying to SHUTDOWN. Check logs.';
  expect(shutdown('SHUTDOWN', { error }).reply).toBe(`-${error}\r\n`);
});
