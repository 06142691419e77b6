// synap.conf and docs/configuration.md say what the table says, both ways.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { directives, findDirective } from '../../src/config/directives.ts';
import { configFile, configurationGuide } from '../../src/config/document.ts';
import { loadConfig } from '../../src/config/load.ts';
import { readYaml } from '../../src/config/syntax/yaml-syntax.ts';
import { globMatchText } from '../../src/protocol/glob.ts';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(path(name), 'utf8');

describe('synap.conf', () => {
  it('is what the table makes of it (scripts/document-config.mjs writes it)', () => {
    expect(read('synap.conf')).toBe(configFile());
  });

  it('sets every directive that has a default, once, in its section', () => {
    const set = readYaml(read('synap.conf'), 'synap.conf').map(({ name }) => name);
    const expected = directives
      .filter((directive) => directive.default !== undefined && !directive.hidden)
      .map(({ name }) => name);
    expect([...new Set(set)]).toEqual(expected);
    for (const line of read('synap.conf').split('\n')) expect(line.length).toBeLessThan(100);
  });

  it('sets them to their defaults', () => {
    const all = (file?: string) =>
      loadConfig({ file, directory: '/' }).get(['*'], (pattern, name) =>
        globMatchText(pattern, name, true),
      );
    expect(all(path('synap.conf'))).toEqual(all());
    expect(loadConfig({ file: path('synap.conf') }).warnings()).toEqual([]);
  });

  it('shows in comments only directives that exist, as they would be read', () => {
    const shown = [...read('synap.conf').matchAll(/^ {2}# (\S+):( |$)/gm)].map(([, name]) => name);
    expect(shown).toEqual(
      expect.arrayContaining(['include', 'rename-command', 'user', 'loadmodule', 'replicaof']),
    );
    for (const name of shown) expect(findDirective(name), name).toBeDefined();
    const uncommented = read('synap.conf').replace(
      /^ {2}# (( {2}\S+|rename-command|user|replicaof):)/gm,
      '  $1',
    );
    const stdin = Buffer.from(uncommented);
    const { values } = loadConfig({ stdin });
    expect(values['rename-command']).toEqual([{ from: 'FLUSHALL', to: '' }]);
    expect(values.user[0][0]).toBe('worker');
    expect(values.replicaof).toEqual({ host: '10.0.0.1', port: 6379 });
  });
});

describe('docs/configuration.md', () => {
  it('is what the table makes of it (scripts/document-config.mjs writes it)', () => {
    expect(read('docs/configuration.md')).toBe(configurationGuide());
  });

  it('has every directive', () => {
    const names = [...read('docs/configuration.md').matchAll(/^- \*\*`(.+?)`\*\*/gm)];
    expect(names.map(([, name]) => name)).toEqual(directives.map(({ name }) => name));
  });
});
