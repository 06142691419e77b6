// What the program prints when it is asked about itself. The first line of the version is Redis's, which
// installers and test servers parse.
import { buildId, REDIS_VERSION } from '../core/version.ts';
import { VERSION } from '../version.ts';

/** `--help` */
export const USAGE = `Usage: synap-server [config-file] [-] [--directive value ...] [-]
       synap-server - (reads the configuration from standard input)
       synap-server -v or --version
       synap-server -h or --help
       synap-server --test-memory <megabytes>
       synap-server --check-system

The configuration file is YAML (as synap.conf) or in redis.conf's syntax; - reads more of it from
standard input. Every directive is also a flag, and flags win: docs/configuration.md lists them.

Examples:
  synap-server                                  the defaults, on port 6379
  synap-server synap.conf
  synap-server ./redis.conf --port 7000 --save ''
  echo 'maxmemory 100mb' | synap-server -
`;

/** `--version`: two lines, Redis's first. */
export function versionText(): string {
  const build = buildId(VERSION);
  return (
    `Redis server v=${REDIS_VERSION} sha=00000000:0 malloc=synap-arena bits=64 build=${build}\n` +
    `Synap server v=${VERSION} node=${process.version}\n`
  );
}
