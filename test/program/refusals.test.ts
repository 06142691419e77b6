// What the program does not start with: each is told in one line on the standard error, which names
// the place of the setting at fault, and ends in exit code 1.

import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/running-server.ts';
import { canRunUnprivileged, type RunOptions, run } from './program.ts';

const directory = temporaryDirectory();
const occupied = createServer();
let port: string;

beforeAll(async () => {
  occupied.listen(0, '127.0.0.1');
  await once(occupied, 'listening');
  port = String((occupied.address() as AddressInfo).port);
  chmodSync(directory.path, 0o755);
});

afterAll(() => {
  occupied.close();
  directory.remove();
});

/** Writes a file into the tests' directory; returns its name. */
function file(name: string, text: string): string {
  writeFileSync(join(directory.path, name), text);
  return name;
}

/** Runs the program, expecting it to refuse to start; returns the line that it prints. */
async function refusal(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, signal, stderr } = await run(args, { cwd: directory.path, ...options });
  expect({ code, signal, stderr }).toEqual({
    code: 1,
    signal: null,
    stderr: expect.stringMatching(/^synap-server: [^\n]+\n$/),
  });
  return stderr.slice('synap-server: '.length, -1);
}

describe.concurrent('settings', () => {
  test('an unknown directive, in either syntax', async ({ expect }) => {
    const lines = file('lines.conf', '# comment\nport 7000\n\nmaxmemroy 100mb\n');
    expect(await refusal([lines])).toBe(
      "lines.conf:4: unknown directive 'maxmemroy'; did you mean 'maxmemory'?",
    );
    const yaml = file('yaml.conf', '# comment\nnetwork:\n  port: 7000\n  prot: 1\n');
    expect(await refusal([yaml])).toMatch(/^yaml\.conf:4: .*prot/);
  });

  test('an unknown flag, and a word that belongs to none', async ({ expect }) => {
    expect(await refusal(['--no-such-flag', '1'])).toBe(
      "command line: unknown directive 'no-such-flag'",
    );
    expect(await refusal(['-x'])).toBe("command line: unexpected '-x'; flags begin with '--'");
  });

  test('a bad value', async ({ expect }) => {
    expect(await refusal(['--port', '70000'])).toMatch(/^command line: port '70000': /);
    expect(await refusal([file('bad.conf', 'databases none\n')])).toMatch(
      /^bad\.conf:1: databases/,
    );
  });

  test('a bad value on the standard input', async ({ expect }) => {
    expect(await refusal(['-'], { stdin: 'port 7000\ntimeout x\n' })).toMatch(
      /^standard input:2: timeout 'x': /,
    );
  });

  test('renaming a command that there is not', async ({ expect }) => {
    const renaming = file('rename.conf', 'port 0\nrename-command NOSUCH X\n');
    expect(await refusal([renaming])).toBe('rename.conf:2: No such command in rename-command');
  });
});

describe.concurrent('files', () => {
  test('a configuration that is not there, or is a directory', async ({ expect }) => {
    expect(await refusal(['missing.conf'])).toMatch(
      /^missing\.conf: cannot read the file: No such/,
    );
    expect(await refusal(['.'])).toMatch(/^\.: cannot read the file: Is a directory$/);
  });

  test('a data directory that is not there, or no directory', async ({ expect }) => {
    const text = file('dir.conf', 'port 0\ndir ./nowhere\n');
    expect(await refusal([text])).toMatch(/^dir\.conf:2: dir '\.\/nowhere': No such file/);
    expect(await refusal(['--dir', file('plain', '')])).toMatch(
      /^command line: dir 'plain': Not a/,
    );
  });

  test('a log that cannot be written', async ({ expect }) => {
    const text = file('log.conf', 'logfile missing/synap.log\n');
    expect(await refusal([text])).toMatch(
      /^log\.conf:1: cannot write the log to 'missing\/synap\.log': .*ENOENT/,
    );
  });

  test.runIf(canRunUnprivileged())('files without permission', async ({ expect }) => {
    const options = { unprivileged: true };
    chmodSync(join(directory.path, file('secret.conf', 'port 0\n')), 0);
    expect(await refusal(['secret.conf'], options)).toMatch(
      /^secret\.conf: cannot read the file: Permission denied/,
    );
    mkdirSync(join(directory.path, 'locked'), { mode: 0o555 });
    const locked = file('locked.conf', 'port 0\n\ndir locked\n');
    expect(await refusal([locked], options)).toMatch(
      /^locked\.conf:3: cannot use the data directory '.*\/locked': .*EACCES/,
    );
    expect(await refusal(['--logfile', 'locked/log'], options)).toMatch(
      /^command line: cannot write the log to 'locked\/log': .*EACCES/,
    );
    expect(
      await refusal(['--port', '0', '--unixsocket', 'locked/socket', '--dir', '/tmp'], options),
    ).toMatch(/^command line: cannot listen: /);
  });
});

describe.concurrent('places to listen', () => {
  test('a port in use', async ({ expect }) => {
    expect(await refusal(['--port', port, '--bind', '127.0.0.1'])).toMatch(
      new RegExp(`^command line: cannot listen: .*EADDRINUSE.*127\\.0\\.0\\.1:${port}$`),
    );
    const text = file('port.conf', `bind 127.0.0.1\nport ${port}\n`);
    expect(await refusal([text])).toMatch(/^port\.conf:2: cannot listen: .*EADDRINUSE/);
  });

  test('an address that the machine does not have', async ({ expect }) => {
    const text = file('bind.conf', 'port 7000\nbind 203.0.113.77\n');
    expect(await refusal([text])).toMatch(
      /^bind\.conf:2: cannot listen: .*EADDRNOTAVAIL.*203\.0\.113\.77/,
    );
  });

  test('a name that nobody knows', async ({ expect }) => {
    const text = file('name.conf', 'port 7000\nbind no-such-host.invalid\n');
    expect(await refusal([text])).toMatch(/^name\.conf:2: cannot listen: .*no-such-host\.invalid/);
  });

  test('a unix socket whose path cannot be', async ({ expect }) => {
    const text = file('unix.conf', 'port 0\nunixsocket missing/synap.sock\n');
    expect(await refusal([text])).toMatch(/^unix\.conf:2: cannot listen: .*missing\/synap\.sock/);
  });

  test('none at all', async ({ expect }) => {
    expect(await refusal(['--port', '0'])).toMatch(
      /^command line: cannot listen: there is neither a TCP address nor a unix socket/,
    );
  });
});
