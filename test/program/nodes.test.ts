// The releases of Node that are tested: told alike wherever they are told, and each can be had.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { majors, nodeBinary, testedNodes, versionOf } from '../../scripts/nodes.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

function textOf(path: string): string {
  return readFileSync(`${root}/${path}`, 'utf8');
}

/** What with-node.mjs prints and how it ends. */
function withNode(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const script = `${root}/scripts/with-node.mjs`;
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    cwd: root,
  });
  return { status, stdout, stderr };
}

describe('what is told of them', () => {
  test('README and package.json name each of them', () => {
    expect(majors()).toEqual(['20', '22', '24', '26']);
    expect(textOf('README.md')).toContain('Node 20, 22, 24 and 26');
    const { engines } = JSON.parse(textOf('package.json'));
    expect(engines.node).toBe('^20.19 || ^22.12 || >=24');
    for (const [major, version] of Object.entries(testedNodes)) {
      expect(version).toMatch(new RegExp(`^${major}\\.\\d+\\.\\d+$`));
    }
  });

  test('the image has one of them', () => {
    const images = [...textOf('Dockerfile').matchAll(/^FROM node:(\d+)-/gm)].map(([, tag]) => tag);
    expect(images).toHaveLength(2);
    for (const major of images) expect(majors()).toContain(major);
  });

  test('the tests that all of them run are there', () => {
    const paths = textOf('.ci/smoke-tests').trimEnd().split('\n');
    expect(paths.length).toBeGreaterThan(10);
    for (const path of paths) expect(existsSync(`${root}/${path}`), path).toBe(true);
  });
});

describe('with-node', () => {
  test('runs a command with a Node, and so does what the command starts', () => {
    const script = `
      const { execFileSync } = require('node:child_process');
      const inner = execFileSync('node', ['--print', 'process.execPath'], { encoding: 'utf8' });
      process.stdout.write([process.execPath, inner.trim(), process.argv[1]].join(' '));
      process.exitCode = 3;
    `;
    const { status, stdout } = withNode(process.execPath, 'node', '-e', script, 'argument');
    expect(stdout).toBe(`${process.execPath} ${process.execPath} argument`);
    expect(status).toBe(3);
  });

  test('finds the programs of packages', () => {
    expect(withNode(process.execPath, 'vitest', '--version').stdout).toMatch(/^vitest\/\d/);
  });

  test.each([
    [['23', 'node'], 'Node 23 is none of those that are tested: 20, 22, 24, 26'],
    [['/bin/true', 'node'], '/bin/true is no Node: exit code 0'],
    [['/no/such/node', 'node'], '/no/such/node is no Node: spawnSync /no/such/node ENOENT'],
    [[process.execPath], 'usage: with-node.mjs VERSION|PATH COMMAND [ARGUMENT …]'],
    [[], 'usage: with-node.mjs VERSION|PATH COMMAND [ARGUMENT …]'],
    [[process.execPath, 'no-such-program'], 'spawn no-such-program ENOENT'],
  ])('refuses %j', (args, problem) => {
    const { status, stdout, stderr } = withNode(...args);
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: `with-node: ${problem}\n`,
    });
  });

  test('lists the versions, and tells that of a binary', () => {
    expect(withNode('--list').stdout).toBe(`${majors().join(' ')}\n`);
    expect(nodeBinary(process.execPath)).toBe(process.execPath);
    expect(versionOf(process.execPath)).toBe(process.versions.node);
  });
});
