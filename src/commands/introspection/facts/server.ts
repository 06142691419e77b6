// INFO server: what the server is and where it runs.
import * as os from 'node:os';
import type { Services } from '../../../core/services.ts';
import { buildId, REDIS_VERSION } from '../../../core/version.ts';
import { lruWord } from '../../../keyspace/access-clock.ts';
import { gauge, none, section, text } from '../../../telemetry/fact.ts';
import { unixTimeUs } from '../../../telemetry/wall-clock.ts';

const SECONDS_PER_DAY = 86_400;

interface Sample extends Pick<Services, 'identity' | 'config' | 'keyspace'> {
  readonly nowUs: number;
  readonly uptimeSeconds: number;
}

export const serverFacts = section<Services, Sample>({
  ...{ name: 'server', title: 'Server' },
  sample({ identity, config, keyspace }) {
    const nowUs = unixTimeUs();
    const uptimeSeconds = Math.floor((nowUs / 1000 - identity.startedMs) / 1000);
    return { identity, config, keyspace, nowUs, uptimeSeconds };
  },
  facts: [
    text('redis_version', 'Version of Redis that it answers like.', () => REDIS_VERSION),
    text('synap_version', 'Version of Synap.', ({ identity }) => identity.version),
    text('node_version', 'Version of Node that runs it.', () => process.versions.node),
    // As from a Redis that was built from a package: no commit, and no compiler.
    text('redis_git_sha1', 'Commit that it was built from; always zeros.', () => '00000000'),
    none('redis_git_dirty', 'Whether that was changed.'),
    text('redis_build_id', 'Names the build.', ({ identity }) => buildId(identity.version)),
    text('redis_mode', 'Alone, or part of a cluster.', () => 'standalone'),
    text('os', 'Operating system.', () => `${os.type()} ${os.release()} ${os.machine()}`),
    gauge('arch_bits', 'Bits of an address.', () => (process.arch.endsWith('64') ? 64 : 32)),
    // The system call behind process.hrtime and performance.now.
    text('monotonic_clock', 'What durations are measured with.', () => 'POSIX clock_gettime'),
    text('multiplexing_api', 'What waits for sockets.', pollingInterface),
    text('atomicvar_api', "Redis's, of its threads.", () => 'none'),
    text('gcc_version', 'Compiler; there is none.', () => '0.0.0'),
    gauge('process_id', 'Id of the process.', () => process.pid),
    text('process_supervised', 'Whether a supervisor is notified.', () => 'no'),
    text('run_id', 'Names this run.', ({ identity }) => identity.runId),
    gauge('tcp_port', 'TCP port that it listens on.', ({ identity }) => identity.port),
    gauge('server_time_usec', 'Unix time, in µs.', ({ nowUs }) => nowUs),
    gauge('uptime_in_seconds', 'Seconds since the start.', ({ uptimeSeconds }) => uptimeSeconds),
    gauge('uptime_in_days', 'Days since the start.', ({ uptimeSeconds }) =>
      Math.floor(uptimeSeconds / SECONDS_PER_DAY),
    ),
    gauge('hz', 'Background rounds a second.', ({ config }) => config.values.hz),
    gauge('configured_hz', 'The same as configured.', ({ config }) => config.values.hz),
    gauge(
      'lru_clock',
      'Clock of the last access to keys, in seconds, of 24 bits.',
      ({ keyspace }) => lruWord(keyspace.nowMs) >>> 0,
    ),
    text('executable', 'Program that runs.', () => process.argv[1] ?? process.execPath),
    text('config_file', 'Configuration file.', ({ config }) => config.file ?? ''),
    none('io_threads_active', 'Whether threads read and write sockets.'),
  ],
});

/** The system interface by which libuv waits for sockets. */
function pollingInterface(): string {
  if (process.platform === 'linux') return 'epoll';
  return process.platform === 'win32' ? 'iocp' : 'kqueue';
}
