import { execa } from 'execa';
import t, { type Test } from 'tap';
import { cutPowerOf, destroy, powerOn } from '../provision/machines/qemu.ts';
import { answers } from '../testing/answers.ts';
import { labMachine, provision, provisioned, ROOT, type TestMachine } from '../testing/machine.ts';
import { qemuMissing } from '../testing/qemu.ts';

const LAB = 'approach_0';
const options = ['--provider', 'qemu', '--image', 'debian-13', '--yes'];

/** Tests what only virtual machines can show: they boot their own kernel, and a power cut loses unsynced data. */
t.test('a virtual machine that loses power', { skip: qemuMissing(), timeout: 2_400_000 }, async (t) => {
  await destroy(LAB);
  t.teardown(() => destroy(LAB));
  await t.test('while apt runs, on its first boot', firstRun);
  await t.test('the command in the README repairs it, and TheAPP answers', repaired);
  await t.test('while TheAPP counts', whileCounting);
});

async function firstRun(t: Test): Promise<void> {
  let unpacking = false;
  const { exitCode } = await provision([LAB, ...options], (event) => {
    if (event.event !== 'progress' || unpacking || !/unpack|install/i.test(event.message)) return;
    unpacking = /mariadb/i.test(event.message);
    if (unpacking) void cutPowerOf(LAB, 'vm');
  });
  t.ok(unpacking, 'apt was running');
  t.equal(exitCode, 4);
  await powerOn(LAB, 'vm');
}

async function repaired(t: Test): Promise<void> {
  const words = ['run', 'provision', '--', LAB, ...options];
  const { exitCode, stderr } = await execa('npm', words, { cwd: ROOT, reject: false, stdin: 'ignore' });
  t.equal(exitCode, 0, `from the interrupted boot to verified${exitCode === 0 ? '' : `: ${stderr}`}`);
  await answers(t, 'http://127.0.0.1:8080/');
  const { ssh } = await labMachine();
  t.equal(await ssh('dpkg --audit'), '');
  const second = await run();
  t.strictSame([second.exitCode, second.changed], [0, []], 'the second run changes nothing');
  t.equal(second.recap.hosts[0]?.roundTrips, 2, 'one apply: two round trips');
}

/** A number that a counter has returned is never returned again, even after a power cut. */
async function whileCounting(t: Test): Promise<void> {
  const { host, ssh }: TestMachine = await labMachine();
  const count = async () =>
    Number(/\d+/.exec(await (await fetch('http://127.0.0.1:8080/counter/power')).text())?.[0]);
  let last = 0;
  for (let i = 0; i < 50; i++) last = await count();
  await cutPowerOf(LAB, host.name);
  t.equal((await powerOn(LAB, host.name)).port, host.port);
  await ssh('systemctl is-system-running --wait >/dev/null || :');
  t.equal((await run('--verify')).exitCode, 0, 'after a power cut every service starts by itself');
  t.equal(await count(), last + 1, `the last number before the power cut was ${last}`);
  t.equal((await run('--check')).exitCode, 0);
}

const run = (...args: string[]) => provisioned(LAB, '--provider', 'qemu', ...args);
