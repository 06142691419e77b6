import { describe, expect, test } from 'vitest';
import { processTitle } from '../../src/config/process-title.ts';

const VARIABLES = {
  title: 'synap-server',
  'listen-addr': '*:6379',
  'server-mode': '',
  port: '6379',
  'tls-port': '0',
  unixsocket: '',
  'config-file': '/etc/synap.conf',
};

describe('processTitle', () => {
  // As redis-server 7.0 makes them.
  test.each([
    ['{title} {listen-addr} {server-mode}', 'synap-server *:6379'],
    ['{port}/{tls-port} {unixsocket}{config-file}', '6379/0 /etc/synap.conf'],
    ['{{title} {port}}', '{title} 6379}'],
    ['  x {server-mode} ', 'x'],
  ])('%s', (template, title) => {
    expect(processTitle(template, VARIABLES)).toBe(title);
  });
});
