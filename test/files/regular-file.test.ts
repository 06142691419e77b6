// What is no regular file is an error, at once and with its name, however it is opened.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, readFileSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openRegular, openRegularSoon, readRegular } from '../../src/files/regular-file.ts';
import { ownDirectory } from '../support/own-directory.ts';

let root: string;
let path: string;

beforeEach(() => {
  root = ownDirectory();
  path = join(root, 'file');
});

describe.each(['r', 'r+', 'w', 'a', 'wa'] as const)('to be opened with %s', (mode) => {
  test('a FIFO, a device, a directory, also behind a link', () => {
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    expect(() => openRegular(path, mode)).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining('a FIFO') }),
    );
    expect(() => openRegular('/dev/null', mode)).toThrow(/a device and not a regular file/);
    const folder = join(root, 'folder');
    mkdirSync(folder);
    symlinkSync(folder, join(root, 'link'));
    for (const name of ['folder', 'link']) {
      expect(() => openRegular(join(root, name), mode)).toThrow(/EISDIR/);
    }
  });

  test('a file that there is not', () => {
    if (!mode.includes('w')) {
      expect(() => openRegular(path, mode)).toThrow(/ENOENT/);
      return;
    }
    writeFileSync(path, 'something that was there');
    const fd = openRegular(path, mode);
    writeSync(fd, 'new');
    closeSync(fd);
    expect(readFileSync(path, 'latin1')).toBe('new');
  });
});

test('what is appended goes behind what somebody else has written meanwhile', () => {
  const fd = openRegular(path, 'wa');
  writeSync(fd, 'one ');
  const other = openRegular(path, 'a');
  writeSync(other, 'two ');
  writeSync(fd, 'three');
  closeSync(fd);
  closeSync(other);
  expect(readFileSync(path, 'latin1')).toBe('one two three');
});

test('the same off the event loop', async () => {
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  await expect(openRegularSoon(path)).rejects.toThrow('it is a FIFO and not a regular file');
  await expect(openRegularSoon(root)).rejects.toThrow('EISDIR');
  expect(() => readRegular(path)).toThrow('it is a FIFO');
});

test('a socket', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  expect(() => openRegular(path, 'r')).toThrow(/ENXIO/);
  await new Promise((resolve) => server.close(resolve));
});
