import t from 'tap';
import { reported, testEach } from '../../../testing/preflight.ts';
import { kubernetes } from '../index.ts';

testEach([
  [
    'no address that is certain',
    { worker2: { facts: { addresses: ['10.0.2.17', '10.0.3.17'] } } },
    /^worker2: the address at which .* cannot be determined: it has 10\.0\.2\.17, 10\.0\.3\.17\n {2}→ set its address/,
  ],
  [
    'an address that the machine does not have',
    { worker2: { host: { privateAddress: '10.0.9.9' } } },
    /^worker2: has no address 10\.0\.9\.9: its addresses are 10\.0\.2\.17\n {2}→ correct its address/,
  ],
  [
    'an address among those of pods',
    { worker2: { facts: { addresses: ['10.244.3.4'] } } },
    /^worker2: its address 10\.244\.3\.4 is in kubernetes\.pod_subnet, 10\.244\.0\.0\/16\n {2}→ .*-e kubernetes\.pod_subnet=/,
  ],
  [
    'a route to the addresses of services',
    { worker2: { lines: ['route=10.96.7.0/24 via 10.0.2.3 dev wg0'] } },
    /^worker2: its route "10\.96\.7\.0\/24 via 10\.0\.2\.3 dev wg0" is in kubernetes\.service_subnet, 10\.96\.0\.0\/16\n/,
  ],
]);

t.test('other networks of the cluster', async (t) => {
  const given = { pod_subnet: '10.0.0.0/16', service_subnet: '10.1.0.0/16' };
  t.match(await reported({}, given), {
    errors: /^control-plane: its address 10\.0\.2\.15 is in kubernetes\.pod_/,
  });
  const wrong = kubernetes({ pod_subnet: '10.96.0.0/12' });
  t.throws(
    () => wrong.resolve([]),
    /service_subnet: expected a network that does not overlap with pod_subnet/,
  );
});
