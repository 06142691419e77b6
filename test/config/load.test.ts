// Reading files: both syntaxes, includes, order, and errors that name the place.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { settingsOf } from '../../src/config/options.ts';
import { isYaml } from '../../src/config/syntax/syntax.ts';
import { globMatchText } from '../support/glob-text.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RedisServer } from './redis-server.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'synap-load-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, 'latin1');
  }
}

function load(content: string, name = 'test.conf'): Config {
  write({ [name]: content });
  return loadConfig({ file: name, directory });
}

/** The message of the ConfigError that something throws. */
function problem(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'no error';
}

function text(config: Config, name: string): string {
  const [pair] = config.get([name], (pattern, other) => globMatchText(pattern, other, true));
  return pair?.[1] ?? 'unknown';
}

describe('redis.conf syntax', () => {
  it('reads directives, comments, quotes and repeated lines', () => {
    const config = load(
      [
        '# a comment',
        '',
        '  PORT 7000\r',
        'bind 127.0.0.1 ::1',
        'requirepass "a b\\xff"',
        "proc-title-template '{title} x'",
        'save 1 2',
        'save 3 4',
        'rename-command FLUSHALL ""',
        'rename-command KEYS k',
        'slave-priority 7',
        'client-output-buffer-limit pubsub 1mb 1mb 60',
        'client-output-buffer-limit normal 1 1 1',
      ].join('\n'),
    );
    expect(config.values.port).toBe(7000);
    expect(config.values.bind).toEqual(['127.0.0.1', '::1']);
    expect(Buffer.from(config.values.requirepass).toString('latin1')).toBe('a b\xff');
    expect(config.values['proc-title-template']).toBe('{title} x');
    expect(config.values.save).toEqual([
      { seconds: 1, changes: 2 },
      { seconds: 3, changes: 4 },
    ]);
    expect(config.values['rename-command']).toEqual([
      { from: 'FLUSHALL', to: '' },
      { from: 'KEYS', to: 'k' },
    ]);
    expect(config.values['replica-priority']).toBe(7);
    expect(config.values['client-output-buffer-limit'].pubsub.hardBytes).toBe(1_048_576);
    expect(config.values['client-output-buffer-limit'].normal.softSeconds).toBe(1);
    expect(config.originOf('port')).toBe('test.conf:3');
    expect(config.originOf('hz')).toBeUndefined();
  });

  it('passes over a byte order mark', () => {
    expect(load('\xef\xbb\xbfhz 20\n').values.hz).toBe(20);
    expect(load('\xef\xbb\xbfhz: 20\n').values.hz).toBe(20);
  });

  it('keeps UTF-8 in texts, and CONFIG GET its bytes', () => {
    const config = load(Buffer.from('logfile "/tmp/lög"\n').toString('latin1'));
    expect(config.values.logfile).toBe('/tmp/lög');
    expect(text(config, 'logfile')).toBe(Buffer.from('/tmp/lög').toString('latin1'));
  });

  const errors: readonly (readonly [content: string, message: string])[] = [
    ['\nmaxmemroy 1gb', "test.conf:2: unknown directive 'maxmemroy'; did you mean 'maxmemory'?"],
    [
      'slave-prioirty 5',
      "test.conf:1: unknown directive 'slave-prioirty'; did you mean 'slave-priority'?",
    ],
    ['something-else 1', "test.conf:1: unknown directive 'something-else'"],
    ['port', 'test.conf:1: port: wrong number of arguments'],
    ['port 1 2', "test.conf:1: port '1' '2': wrong number of arguments"],
    ['port 7000 # x', "test.conf:1: port '7000' '#' 'x': wrong number of arguments"],
    ['hz 10\nport abc', "test.conf:2: port 'abc': argument couldn't be parsed into an integer"],
    ['dynamic-hz maybe', "test.conf:1: dynamic-hz 'maybe': argument must be 'yes' or 'no'"],
    ['dir "/no/such"', "test.conf:1: dir '/no/such': No such file or directory"],
    ['requirepass a b', 'test.conf:1: requirepass: wrong number of arguments'],
    ['hz 10\nlogfile "x', 'test.conf:2: unbalanced quotes'],
    ['appenddirname ""', "test.conf:1: appenddirname '': appenddirname can't be empty"],
    ['logfile "\\xff"', "test.conf:1: logfile '\xff': argument must be valid UTF-8"],
    ['logfile "a\\x00b"', "test.conf:1: logfile 'a\\x00b': argument must not contain NUL bytes"],
    ['dir "/tmp\\x00"', "test.conf:1: dir '/tmp\\x00': argument must not contain NUL bytes"],
    [
      'bind 127.0.0.1 "::1\\x00a"',
      "test.conf:1: bind '127.0.0.1' '::1\\x00a': argument must not contain NUL bytes",
    ],
    [
      'replicaof "a\\x00b" 6379',
      "test.conf:1: replicaof 'a\\x00b' '6379': argument must not contain NUL bytes",
    ],
    ['logfile a\n"a\x01b" 1', "test.conf:2: unknown directive 'a\\x01b'"],
    [
      'include nothing.conf',
      "test.conf:1: include 'nothing.conf': cannot read 'nothing.conf': No such file or directory",
    ],
    ['include a b', "test.conf:1: include 'a' 'b': wrong number of arguments"],
  ];
  for (const [content, message] of errors) {
    it(`refuses ${JSON.stringify(content)}`, () => {
      const expected = message.replace("include 'nothing.conf': ", '');
      expect(problem(() => load(content))).toBe(expected);
    });
  }
});

describe('YAML syntax', () => {
  it('reads sections, sequences, mappings and names outside sections', () => {
    const config = load(
      `# a comment
network:
  port: 7000 # another
  bind: [127.0.0.1, "::1"]
  unixsocketperm: 0770
  protected-mode: false
  unixsocket: ~
clients:
  client-output-buffer-limit:
    pubsub: 1mb 1mb 60
    normal: [1, 1, 1]
persistence:
  save: [1 2, 3 4]
  dbfilename: "true"
security:
  requirepass: !!binary /w==
  enable-debug-command: true
  rename-command:
    FLUSHALL: ""
    KEYS: k
replication:
  slave-priority: 7
  replicaof: 10.0.0.1 6380
memory:
maxmemory: 64mb
`,
      'synap.conf',
    );
    expect(config.values.port).toBe(7000);
    expect(config.values.bind).toEqual(['127.0.0.1', '::1']);
    expect(config.values.unixsocketperm).toBe(0o770);
    expect(config.values['protected-mode']).toBe(false);
    expect(config.values.unixsocket).toBe('');
    expect(config.values['client-output-buffer-limit'].pubsub.softBytes).toBe(1_048_576);
    expect(config.values['client-output-buffer-limit'].normal.hardBytes).toBe(1);
    expect(text(config, 'save')).toBe('1 2 3 4');
    expect(config.values.dbfilename).toBe('true');
    expect([...config.values.requirepass]).toEqual([255]);
    expect(config.values['enable-debug-command']).toBe('yes');
    expect(config.values['rename-command']).toEqual([
      { from: 'FLUSHALL', to: '' },
      { from: 'KEYS', to: 'k' },
    ]);
    expect(config.values['replica-priority']).toBe(7);
    expect(config.values.replicaof).toEqual({ host: '10.0.0.1', port: 6380 });
    expect(config.values.maxmemory).toBe(67_108_864);
    expect(config.originOf('port')).toBe('synap.conf:3');
  });

  const same: readonly (readonly [yaml: string, name: string, value: string])[] = [
    ['save: []', 'save', ''],
    ['save: ""', 'save', ''],
    ['save: 3600 1 300 100', 'save', '3600 1 300 100'],
    ['save: ["3600 1", "300 100"]', 'save', '3600 1 300 100'],
    ['save:\n  - 3600 1\n  - [300, 100]', 'save', '3600 1 300 100'],
    ['bind: []', 'bind', ''],
    ['bind: 127.0.0.1 ::1', 'bind', '127.0.0.1 ::1'],
    ['bind: "* -::*"', 'bind', '* -::*'],
    [
      'client-output-buffer-limit:\n  - normal 1 2 3',
      'client-output-buffer-limit',
      'normal 1 2 3 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
    ],
    [
      'network: {port: &p 7000}\nreplication: {replica-announce-port: *p}',
      'replica-announce-port',
      '7000',
    ],
    ['appendfsync: no', 'appendfsync', 'no'],
    ['appendfsync: never', 'appendfsync', 'no'],
    ['persistence: {appendonly: yes}', 'appendonly', 'yes'],
    ['persistence: {wal: {enabled: true}}', 'appendonly', 'yes'],
    ['persistence: {wal: {Enabled: yes}}', 'appendonly', 'yes'],
    ['persistence: {appendonly: yes, wal: {enabled: false}}', 'appendonly', 'no'],
    ['persistence: {wal: {enabled: false}, appendonly: yes}', 'appendonly', 'yes'],
    ['persistence: {wal: {enabled: false}}\nappendonly: true', 'appendonly', 'yes'],
    ['persistence:\n  wal:\n  snapshot: ~\n', 'appendonly', 'no'],
    ['persistence: {wal: {fsync_mode: Periodic}}', 'appendfsync', 'everysec'],
    ['persistence: {wal: {fsync_mode: everysec}}', 'appendfsync', 'everysec'],
    ['persistence: {wal: {fsync_mode: never}}', 'appendfsync', 'no'],
    ['persistence: {wal: {fsync_mode: always}}', 'appendfsync', 'always'],
    ['persistence: {wal: {fsync_interval_ms: 10}}', 'fsync-interval-ms', '10'],
    ['persistence: {wal: {buffer_size_kb: 64}}', 'wal-buffer-size-kb', '64'],
    ['persistence: {wal: {max_size_mb: 8}}', 'wal-max-size-mb', '8'],
    ['persistence: {wal: {path: /mnt/log}}', 'appenddirname', '/mnt/log'],
    ['persistence: {snapshot: {enabled: true}}', 'snapshot-enabled', 'yes'],
    ['persistence: {snapshot: {interval_secs: 60}}', 'snapshot-interval-secs', '60'],
    ['persistence: {snapshot: {operation_threshold: 7}}', 'snapshot-operation-threshold', '7'],
    ['persistence: {snapshot: {max_snapshots: 2}}', 'snapshot-max-count', '2'],
    ['persistence: {snapshot: {compression: true}}', 'snapshot-compression', 'yes'],
    ['persistence: {snapshot: {directory: /}}', 'dir', '/'],
    ['shutdown-on-sigint: [save, now]', 'shutdown-on-sigint', 'save now'],
    [
      'latency-tracking-info-percentiles: [50, 99.9]',
      'latency-tracking-info-percentiles',
      '50 99.9',
    ],
    ['--- # nothing\n', 'hz', '10'],
  ];
  for (const [yaml, name, value] of same) {
    it(`${JSON.stringify(yaml)} is ${name} '${value}'`, () => {
      expect(text(load(yaml), name)).toBe(value);
    });
  }

  const errors: readonly (readonly [yaml: string, message: string])[] = [
    [
      'network:\n  port: [1',
      'test.conf:2: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['network:\n  port: 1\n  port: 2', 'test.conf:3: not valid YAML: Map keys must be unique'],
    ['hz: 1\n---\nhz: 2', 'test.conf:2: not valid YAML: several documents in one file'],
    ['network:\n  prot: 1', "test.conf:2: unknown directive 'prot'; did you mean 'port'?"],
    [
      'network:\n  maxmemory: 1',
      "test.conf:2: 'maxmemory' belongs in section 'memory', not in 'network'",
    ],
    ['netwrok:\n  port: 1', "test.conf:1: unknown directive 'netwrok'; did you mean 'network'?"],
    [
      'persistence:\n  wal:\n    enabeld: yes',
      "test.conf:3: unknown directive 'enabeld'; did you mean 'enabled'?",
    ],
    [
      'persistence:\n  wal:\n    fsync-mode: always',
      "test.conf:3: unknown directive 'fsync-mode'; did you mean 'fsync_mode'?",
    ],
    [
      'persistence:\n  wall:\n    enabled: yes',
      "test.conf:2: unknown directive 'wall'; did you mean 'wal'?",
    ],
    ['persistence:\n  wal:\n    whatever: yes', "test.conf:3: unknown directive 'whatever'"],
    ['persistence:\n  enabled: yes', "test.conf:2: unknown directive 'enabled'"],
    [
      'persistence:\n  wal:\n    appendfsync: always',
      "test.conf:3: 'appendfsync' is called 'fsync_mode' in 'persistence.wal'",
    ],
    [
      'persistence:\n  snapshot:\n    save: []',
      "test.conf:3: 'save' belongs in section 'persistence', not in 'persistence.snapshot'",
    ],
    [
      'persistence:\n  wal: true',
      "test.conf:2: section 'persistence.wal' must be a mapping of names to values",
    ],
    [
      'persistence:\n  wal:\n    fsync_interval_ms: 0',
      "test.conf:3: fsync-interval-ms '0': argument must be between 1 and 60000 inclusive",
    ],
    [
      'persistence:\n  wal:\n    fsync_mode: false',
      "test.conf:3: appendfsync 'false': argument(s) must be one of the following: everysec, always, no",
    ],
    [
      'network:\n  port: abc',
      "test.conf:2: port 'abc': argument couldn't be parsed into an integer",
    ],
    ['dynamic-hz: "true"', "test.conf:1: dynamic-hz 'true': argument must be 'yes' or 'no'"],
    ['network:\n  port:\n', "test.conf:2: port '': argument couldn't be parsed into an integer"],
    ['network:\n  port:\n    - 1', 'test.conf:3: port: a sequence is not a value of it'],
    ['network:\n  port:\n    a: 1', 'test.conf:3: port: a mapping is not a value of it'],
    ['network: 5', "test.conf:1: section 'network' must be a mapping of names to values"],
    ['- port: 5', 'test.conf:1: the file must be a mapping of names to values'],
    ['network: {port: *p}', "test.conf:1: nothing is named '&p' before this"],
    ['save:\n  - 1 1\n  - 2', "test.conf:3: save '2': Invalid save parameters"],
    [
      'rename-command:\n  - FLUSHALL',
      "test.conf:2: rename-command 'FLUSHALL': wrong number of arguments",
    ],
    ['bind: ["a \\"b"]', 'test.conf:1: unbalanced quotes'],
    ['? [a]\n: b', 'test.conf:1: not valid YAML'],
    ['logfile: \xff', 'test.conf: not valid UTF-8'],
  ];
  for (const [yaml, message] of errors) {
    it(`refuses ${JSON.stringify(yaml)}`, () => {
      const actual = problem(() => load(yaml));
      if (yaml.startsWith('?')) expect(actual).not.toBe('no error');
      else expect(actual).toBe(message);
    });
  }
});

describe('the syntax of a file', () => {
  const yaml = ['network:', 'port: 1', '\n# c\n  "port" : 5', '---', '{port: 1}', '- a', 'a:\r\n'];
  const lines = [
    '',
    '# network:',
    'port 1',
    '\n\n port 7000',
    'user a:b on',
    'bind ::1',
    'save ""',
  ];
  for (const content of yaml)
    it(`${JSON.stringify(content)} is YAML`, () => expect(isYaml(content)).toBe(true));
  for (const content of lines)
    it(`${JSON.stringify(content)} is lines`, () => expect(isYaml(content)).toBe(false));
});

describe('includes and order', () => {
  it('counts an included file at its place, in either syntax, relative to the directory', () => {
    write({
      'conf/main.conf': 'hz 1\ninclude conf/b.yaml\ntimeout 5\n',
      'conf/b.yaml': 'hz: 2\ntimeout: 6\nmaxmemory: 5\n',
    });
    const config = loadConfig({ file: 'conf/main.conf', directory });
    expect(config.values.hz).toBe(2);
    expect(config.values.timeout).toBe(5);
    expect(config.originOf('maxmemory')).toBe('conf/b.yaml:3');
  });

  it('follows dir for later includes, from its other place too', () => {
    write({
      'main.conf': 'persistence: {snapshot: {directory: sub}}\ninclude: x.conf\n',
      'sub/x.conf': 'hz 33\n',
    });
    const { values } = loadConfig({ file: 'main.conf', directory });
    expect([values.hz, values.dir]).toEqual([33, join(directory, 'sub')]);
  });

  it('follows dir for later includes', () => {
    write({ 'main.conf': 'dir sub\ninclude x.conf\n', 'sub/x.conf': 'hz 33\n' });
    const config = loadConfig({ file: 'main.conf', directory });
    expect(config.values.hz).toBe(33);
    expect(config.values.dir).toBe(join(directory, 'sub'));
  });

  it('takes patterns, in the order of names, and none that match', () => {
    write({
      'main.conf': 'include c/*.conf\ninclude none/*.conf\ninclude c/[!ab].cnf\n',
      'c/b.conf': 'hz 2\n',
      'c/a.conf': 'hz 1\ntimeout 1\n',
      'c/.hidden.conf': 'hz 3\n',
      'c/c.cnf': 'tcp-keepalive 1\n',
      'c/a.cnf': 'tcp-keepalive 2\n',
    });
    const { values } = loadConfig({ file: 'main.conf', directory });
    expect([values.hz, values.timeout, values['tcp-keepalive']]).toEqual([2, 1, 1]);
  });

  it('refuses files that include each other', () => {
    write({ 'a.conf': 'include b.conf\n', 'b.conf': 'hz 1\ninclude ./a.conf\n' });
    const [a, b] = [join(directory, 'a.conf'), join(directory, 'b.conf')];
    expect(problem(() => loadConfig({ file: 'a.conf', directory }))).toBe(
      `b.conf:2: files include each other: ${a} → ${b} → ${a}`,
    );
  });

  it('refuses files that cannot be read', () => {
    write({ 'a.conf': 'include sub\n', 'sub/x': '' });
    expect(problem(() => loadConfig({ file: 'nope.conf', directory }))).toBe(
      'nope.conf: cannot read the file: No such file or directory',
    );
    expect(problem(() => loadConfig({ file: 'a.conf', directory }))).toBe(
      "a.conf:1: cannot read 'sub': Is a directory",
    );
    expect(problem(() => loadConfig({ file: 'n*.conf', directory }))).toBe(
      'n*.conf: no file matches',
    );
  });

  it('lets standard input win over the file, and settings over both', () => {
    write({ 'a.conf': 'hz 1\ntimeout 1\ntcp-keepalive 1\nsave 1 1\n' });
    const config = loadConfig({
      file: 'a.conf',
      stdin: Buffer.from('timeout: 2\nhz: 2\n'),
      settings: settingsOf({ hz: 3, save: '2 2' }),
      directory,
    });
    const { values } = config;
    expect([values['tcp-keepalive'], values.timeout, values.hz]).toEqual([1, 2, 3]);
    expect(text(config, 'save')).toBe('1 1 2 2');
    expect(problem(() => loadConfig({ stdin: Buffer.from('hz 1\nport x') }))).toMatch(
      /^standard input:2: port 'x'/,
    );
  });

  it('takes options of a program', () => {
    const { values } = loadConfig({
      settings: settingsOf({
        port: 0,
        bind: ['127.0.0.1', '::1'],
        save: '',
        'protected-mode': false,
        'rename-command': [
          ['FLUSHALL', ''],
          ['KEYS', 'k'],
        ],
        timeout: undefined,
        logfile: '/tmp/lög',
      }),
      directory,
    });
    expect(values.port).toBe(0);
    expect(values.bind).toEqual(['127.0.0.1', '::1']);
    expect(values.save).toEqual([]);
    expect(values['protected-mode']).toBe(false);
    expect(values['rename-command'].length).toBe(2);
    expect(values.logfile).toBe('/tmp/lög');
    expect(problem(() => loadConfig({ settings: settingsOf({ hz: 'x' }) }))).toMatch(
      /^options: hz/,
    );
  });
});

describe('warnings', () => {
  it('tell of what is switched on without effect', () => {
    const config = load(
      'tls-port 6380\nio-threads 4\nsave 1 1\nhash-max-listpack-entries 5\nmaxmemory 1gb\n',
    );
    expect(config.warnings()).toEqual([
      "'tls-port' is kept but has no effect: this part of Synap is still to come",
      "'io-threads' is accepted but has no effect: it does not apply to Synap",
    ]);
    expect(load('save ""\ntls-port 0\nio-threads 1\n').warnings()).toEqual([]);
  });
});

describe.skipIf(!hasRedis)('files beside Redis 7.0', () => {
  const good: readonly (readonly [content: string, name: string])[] = [
    ['save 100 10\nsave 50 5\n', 'save'],
    ['save 50 5\nsave ""\nsave 7 7', 'save'],
    ['save ""\n', 'save'],
    ['save\n', 'save'],
    ['save "\'50\' 5"\n', 'save'],
    ['save " 5   1 "\n', 'save'],
    ['save \'5 "6"\'\n', 'save'],
    ['shutdown-on-sigint save force\n', 'shutdown-on-sigint'],
    ["shutdown-on-sigint 'force save'\n", 'shutdown-on-sigint'],
    ['slaveof 127.0.0.1 1\nreplicaof no one', 'replicaof'],
    [
      'client-output-buffer-limit normal 0 0 0 pubsub 1 1 1\nclient-output-buffer-limit normal 7 7 7',
      'client-output-buffer-limit',
    ],
    ['client-output-buffer-limit\n', 'client-output-buffer-limit'],
    ['unixsocketperm ""\nunixsocketperm 0755\n', 'unixsocketperm'],
    ['unixsocketperm " +7"\n', 'unixsocketperm'],
    ['MaxMemory "1\\x30mb"\r\n', 'maxmemory'],
    ['lua-time-limit 7\n', 'busy-reply-threshold'],
    [
      'list-max-ziplist-entries 5\nlua-replicate-commands yes\nlist-max-ziplist-size 3',
      'list-max-listpack-size',
    ],
    ['hz 1000\n', 'hz'],
    ['bind 127.0.0.1\nbind 127.0.0.1 127.0.0.1\n', 'databases'],
    ['oom-score-adj-values "1 2 3"\n', 'oom-score-adj-values'],
    ['latency-tracking-info-percentiles ""\n', 'latency-tracking-info-percentiles'],
  ];
  const bad: readonly string[] = [
    'hz 10\nfoo bar\n',
    'save 50 5 6\n',
    'save 0 5\n',
    'maxmemory 1gb 2gb\n',
    'maxmemory\n',
    'maxmemory 1gb#\n',
    "\n\nmaxmemory '1gb\n",
    'maxmemory "1gb"x\n',
    '"" a\n',
    'unixsocketperm 9\n',
    'unixsocketperm 1777\n',
    'unixsocketperm -1\n',
    'databases 0\n',
    'io-threads 129\n',
    'tcp-backlog -1\n',
    'supervised foo\n',
    'syslog-facility foo\n',
    'enable-debug-command maybe\n',
    'appendfilename ""\n',
    'appendfilename a/b\n',
    'appenddirname ""\n',
    'shutdown-on-sigint\n',
    'slaveof 127.0.0.1 x\n',
    'slaveof 127.0.0.1 70000\n',
    'slaveof 127.0.0.1\n',
    "slaveof ''\n",
    "client-output-buffer-limit ''\n",
    'notify-keyspace-events A K\n',
    'dir /nonexistent\n',
    'dir ""\n',
    'oom-score-adj-values 1 2\n',
    `bind ${'127.0.0.1 '.repeat(17)}\n`,
  ];

  it('gives the same values', async () => {
    for (const [content, name] of good) {
      const server = await RedisServer.start({ file: content });
      try {
        const expected = await server.cli('CONFIG', 'GET', name);
        expect(`${name}\n${text(load(content), name)}\n`, content).toBe(expected);
      } finally {
        await server.stop();
      }
    }
  });

  it('finds the same problems at the same lines', async () => {
    for (const content of bad) {
      const printed = await RedisServer.start({ file: content }).then(
        () => expect.fail(`Redis starts with ${content}`),
        (error: Error) => error.message,
      );
      const [, line, message] = /at line (\d+)\n>>> .*\n(.*)/.exec(printed) ?? [];
      const own = problem(() => load(content));
      expect(own, content).toMatch(new RegExp(`^test.conf:${line}: `));
      const words: Readonly<Record<string, string>> = {
        'Bad directive or wrong number of arguments': 'unknown directive',
        'Unbalanced quotes in configuration line': 'unbalanced quotes',
      };
      expect(own, content).toContain(words[message] ?? `: ${message}`);
    }
  });
});
