import t from 'tap';
import { answers } from '../testing/answers.ts';
import { dockerMissing, freshContainer } from '../testing/fleet.ts';
import { lifetime, type Run } from '../testing/lifetime.ts';
import { provisioned } from '../testing/machine.ts';

const skip = await dockerMissing();

t.test('approach_0 on a Debian 12 machine of an inventory', { skip, timeout: 1_800_000 }, async (t) => {
  const machine = await freshContainer('test-debian-12', 'debian-12');
  t.teardown(() => machine.destroy());
  const run: Run = (...args) => provisioned('approach_0', '--inventory', machine.inventory, ...args);
  const first = await run();
  t.equal(first.exitCode, 0, 'from fresh to verified');
  t.strictSame(first.errors, []);
  const [url = ''] = first.recap.urls;
  await answers(t, url);
  t.match(
    await machine.ssh('curl -fsS http://127.0.0.1/metrics'),
    /^theapp_/m,
    'metrics are available on the machine itself',
  );
  await lifetime(t, machine, run);
});
