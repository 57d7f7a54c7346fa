import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import t from 'tap';
import { coresOf, keepAwake } from './cores.ts';

const ownCores = () => coresOf(readFileSync('/proc/self/status', 'utf8'));

t.test('the measured server has the first core to itself', async (t) => {
  t.same(coresOf('Cpus_allowed:\t27\nCpus_allowed_list:\t0-2,5\n'), [0, 1, 2, 5]);
  const own = ownCores();
  const after = `import { leaveFirstCore } from '${resolve(import.meta.dirname, 'cores.ts')}';
    import { execa } from 'execa';
    const first = await leaveFirstCore();
    for (const before of [first, []]) await execa({ stdout: 'inherit' })('env', [...before, 'cat', '/proc/self/status']);`;
  const { stdout } = await execa(process.execPath, ['--input-type=module-typescript', '--eval', after]);
  const [measured = '', other = ''] = stdout.split(/^(?=Name:)/m);
  const alone = own.length > 1 ? [own.slice(0, 1), own.slice(1)] : [own, own];
  t.same([coresOf(measured), coresOf(other)], alone);
});

t.test('virtual processors are kept awake at idle priority, until the signal', async (t) => {
  const virtual = readFileSync('/proc/cpuinfo', 'utf8').includes(' hypervisor');
  const over = new AbortController();
  keepAwake(over.signal);
  await until(async () => (await idlers()).length === (virtual ? ownCores().length : 0));
  t.same(
    (await idlers()).toSorted((a, b) => a - b),
    virtual ? ownCores() : [],
  );
  over.abort();
  await until(async () => (await idlers()).length === 0);
  t.same(await idlers(), []);
});

/** The processor of each child of this process with SCHED_IDLE, policy 5 of sched(7). */
async function idlers(): Promise<number[]> {
  const { stdout } = await execa('ps', ['--ppid', String(process.pid), '-o', 'pid=,cls='], { reject: false });
  const pids = stdout.split('\n').flatMap((line) => /^ *(\d+) +IDL$/.exec(line)?.[1] ?? []);
  return pids.flatMap(coresOfProcess);
}

/** Empty if the process has ended. */
function coresOfProcess(pid: string): number[] {
  try {
    return coresOf(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return [];
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await holds()) && Date.now() < end; ) await sleep(20);
}
