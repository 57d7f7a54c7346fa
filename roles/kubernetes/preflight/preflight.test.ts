import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import t from 'tap';
import { explain, type Facts, type Host } from '../../../provision/index.ts';
import { debian, localShell, needs } from '../../../provision/testing.ts';
import { kubernetes } from '../index.ts';
import { preflight } from './preflight.ts';
import { readInspected, script } from './probe.ts';

/** A machine as the probe prints it, with nothing wrong. */
const printed = `node=
machine-id=1b4e28ba2fa1411d883f0016d3cca427
product_uuid=4C4C4544-0042-3510-8052-B4C04F334D31
card=52:54:00:12:34:56
modules=yes
available=3145728
listener=LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=500,fd=3))
listener=LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=400,fd=14))
route=default via 10.0.2.2 dev eth0
route=10.0.2.0/24 dev eth0 proto kernel scope link src 10.0.2.15
clock=1000`;

const facts: Facts = { ...debian, memory: 3900, kernel: '6.12.0-1-amd64' };
const container = { kernelSettings: 'network' } as const;

interface Machine {
  readonly facts?: Partial<Facts>;
  /** Lines that the probe prints in addition, or instead of those with the same key if that can occur once. */
  readonly lines?: readonly string[];
  readonly host?: Partial<Host>;
}

/** A control plane and two workers, each with its own identity; some are changed. */
function machines(changed: Readonly<Record<string, Machine>>) {
  return ['control-plane', 'worker1', 'worker2'].map((name, i) => {
    const { lines = [], ...more } = changed[name] ?? {};
    const own = [`machine-id=${name}`, `product_uuid=${name}`, `card=52:54:00:12:34:0${i}`, ...lines];
    return {
      host: { name, address: '', groups: [], forwarded: {}, vars: {}, ...more.host } as Host,
      facts: { ...facts, hostname: name, addresses: [`10.0.2.${15 + i}`], ...more.facts } as Facts,
      printed: merged([...printed.split('\n'), ...own]),
    };
  });
}

/** Of the lines with a key that occurs once, the last one counts. */
function merged(lines: readonly string[]): string {
  const several = /^(listener|route|lacks|unit)=/;
  const keyOf = (line: string) => line.replace(/=.*/, '');
  return lines
    .filter(
      (line, i) => several.test(line) || !lines.slice(i + 1).some((later) => keyOf(later) === keyOf(line)),
    )
    .join('\n');
}

/** What a run reports before it changes anything: errors as a user sees them, and warnings. */
async function reported(changed: Readonly<Record<string, Machine>>, given = {}) {
  const all = machines(changed);
  const find = ({ name }: Host) => all.find(({ host }) => host.name === name) as (typeof all)[0];
  const warnings: string[] = [];
  const hosts = all.map(({ host }) => host);
  const work = {
    remaining: (of: readonly Host[]) => of,
    facts: async (host: Host) => find(host).facts,
    // the clock of a machine is right unless the test has set it
    read: async (host: Host) =>
      find(host).printed.replace(/^clock=1000$/m, `clock=${Math.round(Date.now() / 1000)}`),
    variables: (_host: Host, call: ReturnType<typeof kubernetes>) =>
      call.resolve([{ values: given, where: () => 'test' }]).vars,
    warn: (message: string) => void warnings.push(message),
  } as unknown as Parameters<typeof preflight>[0];
  const [home] = hosts as [Host];
  const options = { all: hosts, controlPlanes: [home], ports: { 5000: 'registry' }, memory: 1368 };
  const errors = await preflight(work, options).then(
    () => '',
    (error) => explain(error),
  );
  return { errors, warnings };
}

const listens = (port: number, name: string, id: number) =>
  `listener=LISTEN 0 4096 *:${port} *:* users:(("${name}",pid=${id},fd=3),("${name}",pid=${id + 1},fd=3))`;
const clock = (ahead: number) => `clock=${Math.round(Date.now() / 1000) + ahead}`;

t.test('machines that are ready', async (t) => {
  t.strictSame(await reported({}), { errors: '', warnings: [] });
});

const table: [string, Readonly<Record<string, Machine>>, RegExp][] = [
  [
    'too little memory, on a control plane',
    { 'control-plane': { facts: { memory: 1650 } } },
    /^control-plane: has 1650 MiB of memory, and kubeadm requires 1700 MiB on a control plane\n {2}→ give it 2 GiB/,
  ],
  [
    'too little memory, on all workers together',
    { worker1: { facts: { memory: 700 } }, worker2: { facts: { memory: 900 } } },
    /^worker1, worker2: have 1272 MiB of memory for pods in total, and the pods request 1368 MiB\n {2}→ give them/,
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
        ],
      },
    },
    /^worker1: port 179 \(kube-router\): in use by bird \(process 9\)\n {2}→ [^\n]*$/,
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
];
for (const [name, changed, expected] of table)
  t.test(name, async (t) => {
    const { errors, warnings } = await reported(changed);
    t.match(errors, expected);
    t.strictSame(warnings, []);
  });

function unit(id: string, state: string, file: string, source: string): string[] {
  return [`Id=${id}`, `ActiveState=${state}`, `FragmentPath=${file}`, `SourcePath=${source}`].map(
    (line) => `unit=${line}`,
  );
}

t.test('one report has all problems of all machines', async (t) => {
  const { errors } = await reported({
    'control-plane': { facts: { memory: 900, cores: 1 } },
    worker1: { lines: [listens(10250, 'kubelet', 7)], facts: { hostname: 'worker2' } },
  });
  const problems = errors.split('\n').filter((line) => !line.startsWith(' '));
  t.equal(problems.length, 4, errors);
  t.equal(errors.split('\n').length, 8, 'each with what to do');
});

t.test('a machine that is a node already', async (t) => {
  const node = {
    lines: ['node=yes', listens(10250, 'kubelet', 7), 'clock=5'],
    facts: { memory: 100, cores: 1 },
  };
  const twins = { facts: { ...node.facts, hostname: 'x' }, lines: node.lines };
  const all = { 'control-plane': twins, worker1: twins, worker2: twins };
  t.strictSame(await reported(all), { errors: '', warnings: [] });
  t.match(
    await reported({ ...all, worker2: { facts: { hostname: 'x' } } }),
    { errors: /^control-plane, worker1, worker2: have the same hostname, x\n/ },
    'a new machine must differ from those that are',
  );
});

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

t.test('nothing is known before the first connection', async (t) => {
  const work = {
    remaining: (of: readonly Host[]) => of,
    facts: async () => ({ ...debian, memory: 1 }),
    read: async () => '',
  } as unknown as Parameters<typeof preflight>[0];
  const all = machines({}).map(({ host }) => host);
  await t.resolves(preflight(work, { all, controlPlanes: all }));
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
