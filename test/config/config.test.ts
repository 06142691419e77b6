// A running configuration: CONFIG SET as a whole or not at all, and those who follow it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { type ConfigOptions, settingsOf } from '../../src/config/options.ts';

function configOf(options: ConfigOptions = {}) {
  return loadConfig({ settings: settingsOf(options) });
}

describe('set', () => {
  it('changes the values that the server reads', () => {
    const config = configOf();
    const { values } = config;
    expect(
      config.set([
        ['maxmemory', '1gb'],
        ['slave-priority', '7'],
      ]),
    ).toBeUndefined();
    expect(values.maxmemory).toBe(1_073_741_824);
    expect(values['replica-priority']).toBe(7);
  });

  it('takes synonyms, and tells the word of Redis', () => {
    const config = configOf({ appendfsync: 'Never' });
    expect(config.values.appendfsync).toBe('no');
    expect(config.set([['appendfsync', 'PERIODIC']])).toBeUndefined();
    expect(config.values.appendfsync).toBe('everysec');
    expect(config.get(['appendfsync'], () => false)).toEqual([['appendfsync', 'everysec']]);
    expect(config.set([['appendfsync', 'constructor']])).toBe(
      "ERR CONFIG SET failed (possibly related to argument 'appendfsync') - argument(s) must be one of the following: everysec, always, no",
    );
  });

  it('holds each name against patterns until it is found, and never against names', () => {
    const config = configOf();
    const asked = new Map<string, number>();
    const matches = (pattern: string, name: string) => {
      asked.set(name, (asked.get(name) ?? 0) + 1);
      return pattern === '*';
    };
    const names = Array.from({ length: 100_000 }, (_, i) => (i % 2 === 0 ? `no${i}` : 'hz'));
    expect(config.get(names, matches)).toEqual([['hz', '10']]);
    expect(asked.size).toBe(0);
    const stars = Array.from({ length: 100_000 }, () => '*');
    const all = config.get(['no?', 'MaxMemory', ...stars], matches);
    expect(all[0]).toEqual(['MaxMemory', '0']);
    expect(new Set(all.map(([name]) => name.toLowerCase())).size).toBe(all.length);
    expect(asked.get('maxmemory')).toBe(1);
    expect(asked.get('hz')).toBe(2);
  });

  it('changes how often the log is synced and begins anew, but not how its files are made', () => {
    const config = configOf();
    const changeable = [
      ['fsync-interval-ms', '10'],
      ['snapshot-enabled', 'yes'],
      ['snapshot-interval-secs', '60'],
      ['snapshot-operation-threshold', '1'],
      ['snapshot-max-count', '1000'],
      ['snapshot-compression', 'yes'],
    ] as const;
    expect(config.set(changeable)).toBeUndefined();
    for (const name of ['wal-buffer-size-kb', 'wal-max-size-mb']) {
      expect(config.set([[name, '64']])).toContain("can't set immutable config");
    }
  });

  it('changes nothing when one value is wrong', () => {
    const config = configOf();
    const called: string[] = [];
    config.onChange(['maxmemory', 'hz'], () => void called.push('told'));
    expect(
      config.set([
        ['maxmemory', '1gb'],
        ['hz', 'x'],
      ]),
    ).toBe(
      "ERR CONFIG SET failed (possibly related to argument 'hz') - argument couldn't be parsed into an integer",
    );
    expect(config.values.maxmemory).toBe(0);
    expect(called).toEqual([]);
  });

  it('lets protected directives be changed where that is allowed', () => {
    const directory = mkdtempSync(join(tmpdir(), 'synap-set-'));
    const refusal =
      "ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config";
    const set = (allowed: string, isLocal: boolean) =>
      configOf({ 'enable-protected-configs': allowed }).set([['dir', directory]], { isLocal });
    expect(set('no', true)).toBe(refusal);
    expect(set('local', false)).toBe(refusal);
    expect(set('local', true)).toBeUndefined();
    expect(set('yes', false)).toBeUndefined();
    rmSync(directory, { recursive: true });
  });

  it('refuses some directives while data is being loaded', () => {
    const config = configOf();
    expect(
      config.set(
        [
          ['appendonly', 'yes'],
          ['nope', '1'],
        ],
        { isLoading: true },
      ),
    ).toBe('LOADING Redis is loading the dataset in memory');
    expect(config.set([['hz', '20']], { isLoading: true })).toBeUndefined();
  });

  it('resolves a relative directory from the present one', () => {
    const directory = mkdtempSync(join(tmpdir(), 'synap-set-'));
    const config = configOf({ 'enable-protected-configs': 'yes', dir: tmpdir() });
    expect(config.set([['dir', directory.slice(tmpdir().length + 1)]])).toBeUndefined();
    expect(config.values.dir).toBe(directory);
    rmSync(directory, { recursive: true });
  });
});

describe('onChange', () => {
  it('tells once a listener whose directives changed, with the new values in place', () => {
    const config = configOf();
    const seen: string[] = [];
    config.onChange(
      ['hz', 'maxmemory'],
      ({ hz, maxmemory }) => void seen.push(`${hz} ${maxmemory}`),
    );
    config.onChange('timeout', () => void seen.push('timeout'));
    config.set([
      ['hz', '20'],
      ['maxmemory', '5'],
    ]);
    config.set([
      ['hz', '20'],
      ['timeout', '0'],
    ]);
    expect(seen).toEqual(['20 5']);
  });

  it('takes everything back when a listener refuses', () => {
    const config = configOf({ hz: 11 });
    const seen: string[] = [];
    config.onChange('hz', ({ hz }) => void seen.push(`zeroth ${hz}`));
    config.onChange('hz', ({ hz }) => void seen.push(`first ${hz}`));
    config.onChange('timeout', ({ timeout }) => {
      seen.push(`second ${timeout}`);
      return timeout === 5 ? 'no fives' : undefined;
    });
    config.onChange('hz', () => void seen.push('third'));
    expect(
      config.set([
        ['hz', '20'],
        ['timeout', '5'],
      ]),
    ).toBe("ERR CONFIG SET failed (possibly related to argument 'timeout') - no fives");
    expect(seen).toEqual(['zeroth 20', 'first 20', 'second 5', 'first 11', 'zeroth 11']);
    expect([config.values.hz, config.values.timeout]).toEqual([11, 0]);
  });

  it('takes everything back when a listener throws, and passes the error on', () => {
    const config = configOf();
    let hz = 0;
    config.onChange('hz', (values) => {
      hz = values.hz;
      return undefined;
    });
    config.onChange('hz', () => {
      throw new Error('a defect');
    });
    expect(() => config.set([['hz', '20']])).toThrow('a defect');
    expect([config.values.hz, hz]).toEqual([10, 10]);
  });

  it('says when a listener cannot go back', () => {
    const config = configOf();
    config.onChange('hz', ({ hz }) => (hz === 10 ? 'stuck' : undefined));
    config.onChange('hz', () => 'refused');
    expect(config.set([['hz', '20']])).toMatch(/ - refused \(going back failed as well: stuck\)$/);
  });

  it('waits for listeners that wait, one change after the other', async () => {
    const config = configOf();
    const seen: string[] = [];
    config.onSlowChange('port', async ({ port }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      seen.push(`port ${port}`);
      return port === 1 ? 'in use' : undefined;
    });
    config.onChange('port', ({ port }) => void seen.push(`then ${port}`));
    const refused = config.set([
      ['port', '1'],
      ['hz', '20'],
    ]);
    const accepted = config.set([['port', '2']]);
    expect(config.set([['hz', 'x']])).toBeInstanceOf(Promise);
    expect(await refused).toMatch(/'port'\) - in use$/);
    expect(await accepted).toBeUndefined();
    expect(seen).toEqual(['port 1', 'port 2', 'then 2']);
    expect([config.values.port, config.values.hz]).toEqual([2, 10]);
    expect(config.set([['port', '2']])).toBeUndefined();
  });

  it('takes back a change whose waiting listener fails', async () => {
    const config = configOf();
    config.onSlowChange('port', () => Promise.reject(new Error('a defect')));
    await expect(config.set([['port', '1']])).rejects.toThrow('a defect');
    expect(config.values.port).toBe(6379);
    expect(config.set([['hz', '20']])).toBeUndefined();
  });
});

describe('a change that must not wait', () => {
  it('is refused before anything is applied where a listener may wait', async () => {
    const config = configOf();
    const seen: number[] = [];
    config.onSlowChange('port', async ({ port }) => void seen.push(port));
    config.onChange('hz', ({ hz }) => void seen.push(hz));
    const both = [
      ['hz', '20'],
      ['PORT', '1'],
    ] as const;
    expect(config.set(both, { mayWait: false })).toBe(
      "ERR CONFIG SET failed (possibly related to argument 'port') - this directive cannot be set inside a transaction",
    );
    expect([seen, config.values.hz, config.values.port]).toEqual([[], 10, 6379]);
    // What changes nothing waits for nothing.
    expect(config.set([['port', '6379']], { mayWait: false })).toBeUndefined();
    expect(config.set([['hz', '20']], { mayWait: false })).toBeUndefined();
    expect(await config.set(both)).toBeUndefined();
    expect(seen).toEqual([20, 1]);
  });

  it('is refused while another one waits', async () => {
    const config = configOf();
    config.onSlowChange('port', async () => undefined);
    const first = config.set([['port', '1']]);
    expect(config.set([['hz', '20']], { mayWait: false })).toBe(
      "ERR CONFIG SET failed (possibly related to argument 'hz') - an earlier change is not finished yet",
    );
    await first;
    expect(config.set([['hz', '20']], { mayWait: false })).toBeUndefined();
  });
});

describe('onWarning', () => {
  it('hears of changes without effect that were made', () => {
    const config = configOf();
    const warnings: string[] = [];
    config.onWarning((warning) => warnings.push(warning));
    config.set([
      ['tls-port', '6380'],
      ['hz', 'x'],
    ]);
    expect(warnings).toEqual([]);
    config.set([
      ['tls-port', '6380'],
      ['hz', '20'],
    ]);
    config.set([
      ['tls-port', '0'],
      ['activerehashing', 'no'],
    ]);
    expect(warnings).toEqual([
      "'tls-port' is kept but has no effect: this part of Synap is still to come",
      "'activerehashing' is accepted but has no effect: it does not apply to Synap",
    ]);
  });
});

describe('assign', () => {
  it('changes what CONFIG SET cannot, and tells nobody', () => {
    const config = configOf();
    config.onChange('replicaof', () => 'told');
    config.assign('replicaof', ['10.0.0.1', '6380']);
    expect(config.values.replicaof).toEqual({ host: '10.0.0.1', port: 6380 });
    config.assign('maxclients', ['500']);
    expect(config.values.maxclients).toBe(500);
    expect(() => config.assign('databases', ['0'])).toThrow(RangeError);
  });
});
