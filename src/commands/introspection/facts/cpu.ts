// INFO cpu: CPU time of the process, and of its main thread where the system reports it.

import { type CpuTime, mainThreadCpuTime, processCpuTime } from '../../../telemetry/cpu-time.ts';
import { counter, digits, none, section } from '../../../telemetry/fact.ts';

const MICROSECONDS = digits(6);

interface Sample {
  readonly total: CpuTime;
  readonly main: CpuTime | undefined;
}

export const cpuFacts = section<unknown, Sample>({
  ...{ name: 'cpu', title: 'CPU' },
  sample: () => ({ total: processCpuTime(), main: mainThreadCpuTime() }),
  facts: [
    counter(
      'used_cpu_sys',
      'CPU time in the kernel, in seconds.',
      ({ total }) => total.system,
      MICROSECONDS,
    ),
    counter(
      'used_cpu_user',
      'CPU time outside the kernel, in seconds.',
      ({ total }) => total.user,
      MICROSECONDS,
    ),
    none('used_cpu_sys_children', 'The same of child processes.', 'counter', MICROSECONDS),
    none('used_cpu_user_children', 'The same of child processes.', 'counter', MICROSECONDS),
    counter(
      'used_cpu_sys_main_thread',
      'The same of the main thread.',
      ({ main }) => main?.system,
      MICROSECONDS,
    ),
    counter(
      'used_cpu_user_main_thread',
      'The same of the main thread.',
      ({ main }) => main?.user,
      MICROSECONDS,
    ),
  ],
});
