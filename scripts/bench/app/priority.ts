import { execa } from 'execa';
import { locate } from '../../../provision/computer/programs.ts';

/**
 * Runs `start` so that the processes it starts have real-time priority (SCHED_RR, sched(7)): they run as soon as they
 * have work, before all processes without such a priority, as on a computer of their own. Otherwise the kernel may
 * let a process wait for the next tick of its clock while another one runs on the same core: up to 4 ms, for an answer
 * that takes half a millisecond.
 *
 * Without the permission (see mayPrioritize) they start with normal priority.
 */
export async function withPriority<T>(priority: number, start: () => T): Promise<Awaited<T>> {
  const prior = await policy('--rr', priority);
  try {
    return await start();
  } finally {
    if (prior) await policy('--other', 0);
  }
}

/** Whether this process may use real-time priority (CAP_SYS_NICE, sched(7)) and chrt(1) is installed. */
export async function mayPrioritize(): Promise<boolean> {
  const may = await policy('--rr', 1);
  if (may) await policy('--other', 0);
  return may;
}

/** Sets the policy of this process, which its children inherit. Returns whether that worked. */
async function policy(name: '--rr' | '--other', priority: number): Promise<boolean> {
  if (!locate('chrt')) return false;
  const { failed } = await execa('chrt', [name, '-p', String(priority), String(process.pid)], {
    reject: false,
  });
  return !failed;
}
