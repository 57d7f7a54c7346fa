import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { locate } from '../../../provision/computer/programs.ts';

/**
 * Reserves the first processor for the measured server: this process, and all that it starts from now on, use the
 * others (taskset(1)).
 *
 * @returns the prefix for the command of the measured server; empty with one processor or without taskset
 */
export async function leaveFirstCore(): Promise<readonly string[]> {
  const [first, ...others] = ownCores();
  if (others.length === 0 || !locate('taskset')) return [];
  await execa('taskset', ['-a', '-c', '-p', others.join(), String(process.pid)]);
  return ['taskset', '-c', String(first)];
}

/**
 * Keeps the processors of this process awake until the signal, with a loop on each at idle priority (SCHED_IDLE,
 * sched(7)). A virtual machine returns an idle processor to its host and waits milliseconds to get it back. On other
 * computers, and without chrt(1), this does nothing.
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

/** The processors that a process may use, read from its /proc/PID/status: `0-2,5` are 0, 1, 2 and 5 (cpuset(7), "List format"). */
export function coresOf(status: string): number[] {
  const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status) ?? [];
  return list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}
