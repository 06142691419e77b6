// synap.conf and docs/configuration.md say what the table says, both ways.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { directives, findDirective } from '../../src/config/directives.ts';
import { configFile, configurationGuide } from '../../src/config/document.ts';
import { loadConfig } from '../../src/config/load.ts';
import { readYaml } from '../../src/config/syntax/yaml-syntax.ts';
import { globMatchText } from '../support/glob-text.ts';

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

  it('sets them to their defaults, except for those that keep a log', () => {
    const all = (file?: string) =>
      Object.fromEntries(
        loadConfig({ file, directory: '/' }).get(['*'], (pattern, name) =>
          globMatchText(pattern, name, true),
        ),
      );
    const shipped = {
      appendonly: 'yes',
      'fsync-interval-ms': '10',
      'snapshot-enabled': 'yes',
      save: '',
    };
    expect(all(path('synap.conf'))).toEqual({ ...all(), ...shipped });
    expect(loadConfig({ file: path('synap.conf') }).warnings()).toEqual([]);
    for (const document of [read('synap.conf').replaceAll(/\n# /g, ' '), configurationGuide()]) {
      for (const [name, value] of Object.entries(shipped)) {
        expect(document).toMatch(new RegExp(`['\`]${name}\\s${value || '""'}['\`]`));
      }
    }
  });

  it('has the log and its snapshots in mappings of their own', () => {
    const keys = (mapping: string) => {
      const [, text = ''] = read('synap.conf').split(`\n  ${mapping}:\n`);
      const entries = /^(( {4}.*)?\n)*/.exec(text)?.[0] ?? '';
      return [...entries.matchAll(/^ {4}(\w.*)$/gm)].map(([, entry]) => entry);
    };
    expect(keys('wal')).toEqual([
      'enabled: true',
      'path: appendonlydir',
      'fsync_mode: periodic',
      'fsync_interval_ms: 10',
      'buffer_size_kb: 256',
      'max_size_mb: 256',
    ]);
    expect(keys('snapshot')).toEqual([
      'enabled: true',
      'interval_secs: 300',
      'operation_threshold: 10000',
      'max_snapshots: 5',
      'compression: false',
    ]);
  });

  it('shows in comments only directives that exist, as they would be read', () => {
    const shown = [...read('synap.conf').matchAll(/^ {2}# (\S+):( |$)/gm)].map(([, name]) => name);
    expect(shown).toEqual(
      expect.arrayContaining(['include', 'rename-command', 'user', 'loadmodule', 'replicaof']),
    );
    for (const name of shown) expect(findDirective(name), name).toBeDefined();
    const uncommented = read('synap.conf').replace(
      /^( {2}| {4})# (( {2}\S+|rename-command|user|replicaof|directory):)/gm,
      '$1$2',
    );
    expect(uncommented).toContain('\n    directory: .\n');
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

  it('tells the place and the names of their own that directives have in YAML', () => {
    const guide = read('docs/configuration.md');
    for (const { name, yaml } of directives) {
      if (yaml === undefined) continue;
      const [row] = guide.split('\n').filter((line) => line.startsWith(`- **\`${name}\`**`));
      expect(row).toContain(`*in YAML* \`${yaml.path}\``);
    }
  });

  it('has every directive', () => {
    const names = [...read('docs/configuration.md').matchAll(/^- \*\*`(.+?)`\*\*/gm)];
    expect(names.map(([, name]) => name)).toEqual(directives.map(({ name }) => name));
  });
});
