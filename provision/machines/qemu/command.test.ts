import t from 'tap';
import { architecture } from './architecture.ts';
import { commandOf, lanDevice, type Wanted } from './command.ts';
import { imageNamed, type Prepared } from './image.ts';
import { lanCard, meeting } from './wiring.ts';

const image: Prepared = {
  image: { kind: 'debian', name: 'debian-13', suite: 'trixie', modern: true },
  folder: '/i',
  disk: '/i/disk.raw',
  format: 'raw',
  kernel: { vmlinuz: '/i/vmlinuz', initrd: '/i/initrd' },
};
const wanted: Wanted = {
  name: 'theapp-lab/x/vm',
  folder: '/lab,x/vm',
  image,
  accelerator: 'tcg',
  memory: 1024,
  cpus: 2,
  forward: [
    [22, 0],
    [80, 8080],
  ],
};
const line = (changes: Partial<Wanted> = {}) => commandOf({ ...wanted, ...changes }).join(' ');

const cases: [name: string, line: string, has: RegExp, hasNot?: RegExp][] = [
  ['emulation limits its memory', line(), / -accel tcg,thread=multi,tb-size=256 -cpu max /],
  ['KVM', line({ accelerator: 'kvm' }), / -accel kvm -cpu host /, /mitigations=off/],
  [
    'ports are forwarded on loopback only',
    line(),
    /hostfwd=tcp:127\.0\.0\.1:0-:22,hostfwd=tcp:127\.0\.0\.1:8080-:80 /,
  ],
  ['a comma in a path is doubled', line(), /file=\/lab,,x\/vm\/disk\.qcow2,/],
  [
    'a Debian image boots its kernel directly',
    line(),
    / -kernel \/i\/vmlinuz -initrd \/i\/initrd -append root=\/dev\/vda ro /,
  ],
  ['a first boot has no private network', line(), /-daemonize$/, /mcast/],
  ['a snapshot', line({ snapshot: 'fresh' }), / -loadvm fresh$/],
  [
    'the private network',
    line({ lan: { mac: '52:54:00:00:00:09', group: '239.192.0.1', port: 20_000 } }),
    /socket,id=lan,mcast=239\.192\.0\.1:20000,localaddr=127\.0\.0\.1 -device virtio-net-pci,id=lan-card,netdev=lan,mac=52:54:00:00:00:09/,
  ],
  [
    'the seed disk is read-only',
    line({ image: { ...image, seed: '/s.iso' } }),
    /file=\/s\.iso,format=raw,readonly=on /,
  ],
];
for (const [name, text, has, hasNot] of cases) {
  t.test(name, async (t) => {
    t.match(text, has);
    if (hasNot) t.notMatch(text, hasNot);
  });
}

t.test('processors', async (t) => {
  t.equal(architecture('x64').name, 'amd64');
  t.match(architecture('arm64'), {
    qemu: 'qemu-system-aarch64',
    console: 'ttyAMA0',
    firmware: { file: String },
  });
  t.throws(() => architecture('mips'), { kind: 'input', message: /does not support mips/ });
  t.match(lanDevice('m'), new RegExp(`bus=${architecture().lan.bus}`));
});

t.test('networks are unique per lab, network cards per machine', async (t) => {
  t.not(lanCard('x', 'a'), lanCard('x', 'b'));
  t.not(lanCard('x', 'a'), lanCard('y', 'a'));
  t.match(lanCard('x', 'a'), /^52:54(:[0-9a-f]{2}){4}$/);
  t.strictSame(meeting('x'), meeting('x'));
  t.not(meeting('x').group, meeting('y').group);
  const { group, port } = meeting('x');
  t.match(group, /^239\.19[2-5]\.\d+\.\d+$/);
  t.ok(port >= 20_000 && port < 32_000);
});

t.test('images by name', async (t) => {
  const file = `${t.testdir({ 'my disk.qcow2': '' })}/my disk.qcow2`;
  t.equal(imageNamed('auto'), 'auto');
  t.match(imageNamed('debian'), { name: 'debian-13', suite: 'trixie', modern: true });
  t.match(imageNamed('debian-12'), { suite: 'bookworm', modern: false });
  t.match(imageNamed('ubuntu-24.04'), { kind: 'cloud' });
  t.match(imageNamed(file), { kind: 'cloud', file, name: 'file-my-disk.qcow2' });
  t.throws(() => imageNamed('debain-13'), {
    kind: 'input',
    message: /neither a known image nor a file; did you mean "debian-13"/,
  });
  t.throws(() => imageNamed('/'), { message: /neither a known image nor a file/ });
});
