import t from 'tap';
import { cutPowerOf, powerOn } from '../provision/machines/qemu.ts';
import { freshMachine, provision, provisioned } from '../testing/machine.ts';
import { qemuMissing } from '../testing/qemu.ts';

t.test(
  'a machine that loses power while apt runs is repaired',
  { skip: qemuMissing(), timeout: 1_800_000 },
  async (t) => {
    const machine = await freshMachine('test-power', 'debian-13');
    t.teardown(() => machine.destroy());
    let unpacking = false;
    const child = provision(['approach_0', '--inventory', machine.inventory], (event) => {
      if (event.event !== 'progress' || unpacking || !/unpack|install/i.test(event.message)) return;
      unpacking = /mariadb/i.test(event.message);
      if (unpacking) void cutPowerOf(machine.lab, machine.host.name);
    });
    const { exitCode } = await child;
    t.ok(unpacking, 'apt was running');
    t.equal(exitCode, 4);
    await powerOn(machine.lab, machine.host.name);
    const again = await provisioned('approach_0', '--inventory', machine.inventory);
    t.strictSame([again.exitCode, again.errors], [0, []], 'the next run repairs the machine and converges');
    t.equal(await machine.ssh('dpkg --audit'), '');
    const green = await provisioned('approach_0', '--inventory', machine.inventory);
    t.strictSame([green.exitCode, green.changed], [0, []]);
  },
);
