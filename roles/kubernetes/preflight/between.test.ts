import t from 'tap';
import { container, reported, testEach } from '../../../testing/preflight.ts';

testEach([
  [
    'too little memory, on all workers together',
    { worker1: { facts: { memory: 700 } }, worker2: { facts: { memory: 900 } } },
    /^worker1, worker2: have 1272 MiB of memory for pods in total, and the pods request 1368 MiB\n {2}→ give them/,
  ],
  [
    'different architectures',
    { worker2: { facts: { architecture: 'arm64' } } },
    /^the machines have different architectures: amd64 \(control-plane, worker1\), arm64 \(worker2\): the image/,
  ],
  [
    'the same hostname',
    { worker2: { facts: { hostname: 'worker1' } } },
    /^worker1, worker2: have the same hostname, worker1\n {2}→ on one of them: hostnamectl set-hostname NAME$/,
  ],
  [
    'the same machine-id',
    { worker1: { lines: ['machine-id=a1'] }, worker2: { lines: ['machine-id=a1'] } },
    /^worker1, worker2: have the same machine-id, a1\n {2}→ on one of them: rm \/etc\/machine-id/,
  ],
  [
    'the same address',
    { worker2: { facts: { addresses: ['10.0.2.16'] } } },
    /^worker1, worker2: have the same address, 10\.0\.2\.16\n {2}→ list each machine once/,
  ],
]);

t.test('what may be intended is a warning', async (t) => {
  const twin = { lines: ['product_uuid=03000200-0400', 'route=10.0.0.0/8 dev eth1 proto kernel scope link'] };
  t.strictSame(await reported({ worker1: twin, worker2: twin }), {
    errors: '',
    warnings: [
      ...['worker1', 'worker2'].flatMap((name) =>
        ['pod_subnet, 10.244.0.0/16', 'service_subnet, 10.96.0.0/16'].map(
          (network) =>
            `${name}: its network 10.0.0.0/8 contains kubernetes.${network}, so machines with addresses in it cannot be reached`,
        ),
      ),
      'worker1, worker2: have the same product_uuid, 03000200-0400; drivers of a cloud may confuse these machines',
    ],
  });
  const inContainer = { facts: container, lines: ['product_uuid=03000200-0400'] };
  t.strictSame(await reported({ worker1: inContainer, worker2: inContainer }), { errors: '', warnings: [] });
});
