import { execa } from 'execa';
import t, { type Test } from 'tap';
import { cutPowerOf, destroy, powerOn } from '../provision/machines/qemu.ts';
import { answers } from '../testing/answers.ts';
import { labMachine, provisioned, ROOT, type TestMachine } from '../testing/machine.ts';
import { qemuMissing } from '../testing/qemu.ts';

/** Tests what only virtual machines can show: they boot their own kernel, and a power cut loses unsynced data. */
t.test(
  'the command in the README, with a virtual machine',
  { skip: qemuMissing(), timeout: 2_400_000 },
  async (t) => {
    await destroy('approach_0');
    const words = [
      'run',
      'provision',
      '--',
      'approach_0',
      '--yes',
      '--provider',
      'qemu',
      '--image',
      'debian-13',
    ];
    const { exitCode, stderr } = await execa('npm', words, { cwd: ROOT, reject: false, stdin: 'ignore' });
    t.equal(exitCode, 0, `from a fresh boot to verified${exitCode === 0 ? '' : `: ${stderr}`}`);
    await answers(t, 'http://127.0.0.1:8080/');
    const machine = await labMachine();
    t.teardown(() => machine.destroy());
    const run = (...args: string[]) => provisioned('approach_0', '--provider', 'qemu', ...args);
    const second = await run();
    t.strictSame([second.exitCode, second.changed], [0, []], 'the second run changes nothing');
    t.equal(second.recap.hosts[0]?.roundTrips, 2, 'one apply: two round trips');
    await powerCut(t, machine, run);
  },
);

/** A number that a counter has returned is never returned again, even after a power cut. */
async function powerCut(
  t: Test,
  machine: TestMachine,
  run: (...args: string[]) => ReturnType<typeof provisioned>,
): Promise<void> {
  const count = async () =>
    Number(/\d+/.exec(await (await fetch('http://127.0.0.1:8080/counter/power')).text())?.[0]);
  let last = 0;
  for (let i = 0; i < 50; i++) last = await count();
  await cutPowerOf(machine.lab, machine.host.name);
  t.equal((await powerOn(machine.lab, machine.host.name)).port, machine.host.port);
  await machine.ssh('systemctl is-system-running --wait >/dev/null || :');
  t.equal((await run('--verify')).exitCode, 0, 'after a power cut every service starts by itself');
  t.equal(await count(), last + 1, `the last number before the power cut was ${last}`);
  t.equal((await run('--check')).exitCode, 0);
}
