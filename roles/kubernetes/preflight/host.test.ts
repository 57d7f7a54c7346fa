import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import t from 'tap';
import type { Host } from '../../../provision/index.ts';
import { localShell, needs } from '../../../provision/testing.ts';
import { container, facts, listens, machines, reported, testEach } from '../../../testing/preflight.ts';
import { readInspected, script } from './probe.ts';

const clock = (ahead: number) => `clock=${Math.round(Date.now() / 1000) + ahead}`;

testEach([
  [
    'too little memory, on a control plane',
    { 'control-plane': { facts: { memory: 1650 } } },
    /^control-plane: has 1650 MiB of memory, and kubeadm requires 1700 MiB on a control plane\n {2}→ give it 2 GiB/,
  ],
  [
    'too few processors',
    { 'control-plane': { facts: { cores: 1 } }, worker1: { facts: { cores: 1 } } },
    /^control-plane: has 1 processor, and kubeadm requires 2 on a control plane\n {2}→ .*\S$/,
  ],
  [
    'a swap with more in it than the memory can take back',
    { worker1: { lines: ['swapped=2097152', 'available=524288'] } },
    /^worker1: its swap cannot be turned off: 2048 MiB are in it, and 512 MiB of memory are available\n {2}→ stop/,
  ],
  [
    'a swap that fstab does not list',
    {
      worker2: {
        lines: [
          'swapped=0',
          ...unit('dev-zram0.swap', 'active', '/run/systemd/generator/dev-zram0.swap', ''),
          'unit=',
          ...unit('swap.img.swap', 'active', '/run/systemd/generator/swap.img.swap', '/etc/fstab'),
          'unit=',
          ...unit('dev-sdb1.swap', 'active', '', ''),
        ],
      },
    },
    /^worker2: its swap would be on again after a reboot: \/etc\/fstab does not contain dev-zram0\.swap\n {2}→ on that host: systemctl mask --now dev-zram0\.swap$/,
  ],
  [
    'ports in use: one report for each process',
    {
      'control-plane': {
        lines: [
          listens(6443, 'k3s-server', 700),
          listens(5000, 'docker-proxy', 812),
          listens(10250, 'k3s-server', 700),
        ],
      },
    },
    /^control-plane: ports 6443 \(API server\), 10250 \(kubelet\): in use by k3s-server \(process 700\)\n {2}→ on that host, see which service it is \(systemctl status 700\), .*\ncontrol-plane: port 5000 \(registry\): in use by docker-proxy \(process 812\)\n/,
  ],
  [
    'a worker needs fewer ports',
    {
      worker1: {
        lines: [
          listens(6444, 'proxy', 700),
          listens(2379, 'etcd', 700),
          listens(5000, 'python3', 800),
          listens(179, 'bird', 9),
          listens(50051, 'bird', 9),
        ],
      },
    },
    /^worker1: ports 179 \(kube-router\), 50051 \(kube-router\): in use by bird \(process 9\)\n {2}→ [^\n]*$/,
  ],
  [
    'a worker has HAProxy where a control plane has its API server',
    { worker1: { lines: [listens(6443, 'haproxy', 700)] } },
    /^worker1: port 6443 \(HAProxy\): in use by haproxy \(process 700\)\n/,
  ],
  [
    'a port of the kernel',
    { worker1: { lines: ['listener=LISTEN 0 64 0.0.0.0:10250 0.0.0.0:*'] } },
    /^worker1: port 10250 \(kubelet\): in use by an unknown program\n {2}→ on that host, see which service it is \(ss -ltnp\)/,
  ],
  [
    'a kernel without modules',
    { worker1: { lines: ['lacks=ip_set', 'lacks=xt_set'] } },
    /^worker1: its kernel lacks ip_set xt_set: they are not in \/lib\/modules\/6\.12\.0-1-amd64\n {2}→ install the kernel/,
  ],
  [
    'a kernel that was replaced since the machine started',
    { worker1: { lines: ['modules=', 'lacks=br_netfilter'] } },
    /^worker1: its kernel lacks br_netfilter: there is no \/lib\/modules\/6\.12\.0-1-amd64\n {2}→ .*reboot the machine/,
  ],
  [
    'a container whose computer has not loaded a module; others cannot be seen there',
    { worker1: { facts: container, lines: ['modules=', 'lacks=br_netfilter', 'lacks=ip_set'] } },
    /^worker1: its kernel lacks br_netfilter\n {2}→ on the computer of this container: sudo modprobe --all br_netfilter$/,
  ],
  [
    'a clock that is behind',
    { worker2: { lines: [clock(-95)] } },
    /^worker2: its clock is 9[4-6] s behind this computer's: certificates and tokens allow 30 s\n {2}→ set the one/,
  ],
  [
    'a clock that is far ahead',
    { worker2: { lines: [clock(7200)] } },
    /clock is 120 min ahead of this computer's/,
  ],
  [
    'an architecture without images',
    Object.fromEntries(
      ['control-plane', 'worker1', 'worker2'].map((name) => [name, { facts: { architecture: 'riscv64' } }]),
    ),
    /^control-plane: its architecture is riscv64, and the images are for amd64 and arm64\n/,
  ],
]);

function unit(id: string, state: string, file: string, source: string): string[] {
  return [`Id=${id}`, `ActiveState=${state}`, `FragmentPath=${file}`, `SourcePath=${source}`].map(
    (line) => `unit=${line}`,
  );
}

t.test('HAProxy of an interrupted run, and the load balancer of a user', async (t) => {
  const own = 'listener=LISTEN 0 2000 127.0.0.1:6443 0.0.0.0:* users:(("haproxy",pid=700,fd=5))';
  t.strictSame(await reported({ worker1: { lines: [own] }, 'control-plane': { lines: [own] } }), {
    errors: '',
    warnings: [],
  });
  const given = { endpoint: 'api.example.org:6443' };
  const other = { lines: [listens(6443, 'haproxy', 700)] };
  t.match(await reported({ worker1: other }, given), { errors: '' }, 'a worker needs none of its own');
  t.match(await reported({ 'control-plane': { lines: [own] } }, given), {
    errors: /^control-plane: port 6443/,
  });
});

t.test('the probe on this computer', { skip: needs('ss', 'iproute2') }, async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { probes } = await shell.exchange({ steps: [], probes: [script] });
  t.match(probes, [{ code: 0, stderr: '' }]);
  const [host] = machines({}).map((one) => one.host) as [Host];
  const seen = readInspected(host, facts, probes[0]?.stdout ?? '', Date.now() / 1000);
  const found = seen.listeners.find((one) => one.port === port);
  t.match(found, { program: /./, process: process.pid });
  t.ok(seen.swap.available > 1000, `${seen.swap.available} KiB are available`);
  t.ok(Math.abs(seen.ahead) < 30, 'the clock');
  t.equal(seen.node, false);
});
