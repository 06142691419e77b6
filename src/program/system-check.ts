// `--check-system`: whether the system is one on which the server runs well, in the form of Redis's. What
// Redis asks of it for the sake of its forks does not matter here, and is said so.
import { readFileSync } from 'node:fs';
import { maxClientsOfSystem } from '../net/descriptor-limit.ts';

/** One question; undefined when all is well, otherwise what to do. */
interface Check {
  readonly name: string;
  readonly problem: () => string | undefined;
}

const WANTED_CLIENTS = 10_000;
const CLOCK_SOURCE = '/sys/devices/system/clocksource/clocksource0/current_clocksource';
const BACKLOG = '/proc/sys/net/core/somaxconn';
const WANTED_BACKLOG = 511;

const CHECKS: readonly Check[] = [
  { name: 'slow-clocksource', problem: slowClock },
  { name: 'max-clients', problem: fewDescriptors },
  { name: 'tcp-backlog', problem: shortBacklog },
];

/**
 * Asks all questions, and prints a line for each.
 * @returns the exit code: 1 when something is not well
 */
export function checkSystem(print: (text: string) => void): number {
  let code = 0;
  for (const { name, problem } of CHECKS) {
    const found = problem();
    print(`[${name}]...${found === undefined ? 'OK' : `WARNING:\n${found}`}\n`);
    if (found !== undefined) code = 1;
  }
  print('[overcommit]...skipped: the server does not fork\n');
  print('[THP]...skipped: the server does not fork\n');
  return code;
}

/** Every command reads the clock. */
function slowClock(): string | undefined {
  const source = read(CLOCK_SOURCE);
  if (source === undefined || !/^(xen|hpet|acpi_pm)$/.test(source)) return undefined;
  return `The clock source '${source}' is slow to read, which every command does. To fix this issue run the command 'echo tsc > ${CLOCK_SOURCE}' if the machine has it.`;
}

function fewDescriptors(): string | undefined {
  const most = maxClientsOfSystem();
  if (most >= WANTED_CLIENTS) return undefined;
  return `The limit of open files leaves ${most} clients at a time, and maxclients is ${WANTED_CLIENTS}. To fix this issue increase 'ulimit -n'.`;
}

function shortBacklog(): string | undefined {
  const longest = read(BACKLOG);
  if (longest === undefined || Number(longest) >= WANTED_BACKLOG) return undefined;
  return `The TCP backlog setting of ${WANTED_BACKLOG} cannot be enforced because ${BACKLOG} is set to the lower value of ${longest}.`;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    // Another system, or one that does not report it.
    return undefined;
  }
}
