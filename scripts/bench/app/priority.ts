import { execa } from 'execa';
import { locate } from '../../../provision/computer/programs.ts';

/**
 * What `start` starts runs as soon as it has something to do, before all that has no such priority or a lower one, as it
 * would on a computer of its own (SCHED_RR, sched(7)). Else the kernel may let who is woken wait for the next tick of
 * its clock while another runs on the same core: up to 4 ms, of an answer that takes half a millisecond.
 *
 * Where this process may not (see mayPrioritize), it starts without.
 */
export async function withPriority<T>(priority: number, start: () => T): Promise<Awaited<T>> {
  const prior = await policy('--rr', priority);
  try {
    return await start();
  } finally {
    if (prior) await policy('--other', 0);
  }
}

/** Whether this process may have such a priority (CAP_SYS_NICE, sched(7)), and there is a chrt(1). */
export async function mayPrioritize(): Promise<boolean> {
  const may = await policy('--rr', 1);
  if (may) await policy('--other', 0);
  return may;
}

/** That of this process, which what it starts inherits; answers whether it could be set. */
async function policy(name: '--rr' | '--other', priority: number): Promise<boolean> {
  if (!locate('chrt')) return false;
  const { failed } = await execa('chrt', [name, '-p', String(priority), String(process.pid)], {
    reject: false,
  });
  return !failed;
}
