import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import t from 'tap';
import { mayPrioritize, withPriority } from './priority.ts';

/** The 40th and 41st field of /proc/PID/stat (proc(5)): real-time priority and policy, 0 for all others and 2 for SCHED_RR. */
const scheduledAs = (stat: string) => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { priority: Number(fields[37]), policy: Number(fields[38]) };
};

const usual = { priority: 0, policy: 0 };

/** The scheduling of a process that is started now. */
const started = async () => scheduledAs((await execa('cat', ['/proc/self/stat'])).stdout);

t.test('a process with the capability may prioritize', async (t) => {
  const [, capabilities = '0'] =
    /^CapEff:\s*([\da-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  // CAP_SYS_NICE is number 23 (capabilities(7)).
  const capable = ((BigInt(`0x${capabilities}`) >> 23n) & 1n) === 1n;
  if (capable) t.ok(await mayPrioritize());
  else t.type(await mayPrioritize(), 'boolean');
  t.same(await started(), usual);
});

t.test('only processes started by the callback have the priority', async (t) => {
  const expected = (await mayPrioritize()) ? { priority: 7, policy: 2 } : usual;
  t.same(await withPriority(7, started), expected);
  t.same(await started(), usual);
  await t.rejects(
    withPriority(7, async () => {
      t.same(await started(), expected);
      throw new RangeError('it did not start');
    }),
    { message: 'it did not start' },
  );
  t.same(await started(), usual);
});
