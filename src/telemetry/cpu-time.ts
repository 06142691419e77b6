// How much CPU time the process and its main thread have used.
import { readFileSync } from 'node:fs';

/** CPU time, in seconds. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/** Linux reports times in ticks of 10 ms, whatever the kernel's own frequency is. */
const TICKS_PER_SECOND = 100;
/** Fields of /proc/…/stat after the program's name, counted from 0: utime and stime. */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;

/** CPU time of all threads of the process. */
export function processCpuTime(): CpuTime {
  const { user, system } = process.cpuUsage();
  return { user: user / 1e6, system: system / 1e6 };
}

/** CPU time of the thread that runs the event loop; undefined where the system does not report it. */
export function mainThreadCpuTime(): CpuTime | undefined {
  if (process.platform !== 'linux') return undefined;
  const stat = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1');
  // The name may contain blanks and parentheses; the fields after its last parenthesis do not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    user: Number(fields[USER_FIELD]) / TICKS_PER_SECOND,
    system: Number(fields[SYSTEM_FIELD]) / TICKS_PER_SECOND,
  };
}
