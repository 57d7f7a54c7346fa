import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { locate } from '../../../provision/computer/programs.ts';

/**
 * Leaves the first processor to what is measured: this process, and all that it starts from now on, keep to the
 * others (taskset(1)).
 *
 * @returns what stands before the command of what is measured; nothing where there is one processor, or no taskset
 */
export async function leaveFirstCore(): Promise<readonly string[]> {
  const [first, ...others] = ownCores();
  if (others.length === 0 || !locate('taskset')) return [];
  await execa('taskset', ['-a', '-c', '-p', others.join(), String(process.pid)]);
  return ['taskset', '-c', String(first)];
}

/**
 * Keeps the processors of this process awake until the signal, with a loop on each that runs when nobody else wants to
 * (SCHED_IDLE, sched(7)). A virtual machine gives a processor that waits back to its host, and waits for milliseconds
 * to have it again. Elsewhere, and without chrt(1), nothing is done.
 */
export function keepAwake(cancelSignal: AbortSignal): void {
  const virtual = /^flags\s*:.* hypervisor( |$)/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  if (!virtual || !locate('chrt') || !locate('taskset')) return;
  const loop = ['chrt', '--idle', '0', 'sh', '-c', 'while :; do :; done'];
  for (const core of ownCores())
    void execa('setpriv', ['--pdeathsig', 'KILL', 'taskset', '-c', String(core), ...loop], {
      cancelSignal,
      killSignal: 'SIGKILL',
      stdio: 'ignore',
      reject: false,
    });
}

const ownCores = () => coresOf(readFileSync('/proc/self/status', 'utf8'));

/** The processors that a process may use, by its /proc/PID/status: `0-2,5` are 0, 1, 2 and 5 (cpuset(7), "List format"). */
export function coresOf(status: string): number[] {
  const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status) ?? [];
  return list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}
