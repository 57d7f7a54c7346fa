import t from 'tap';
import { architecture } from './architecture.ts';
import { commandsOf, planInstall } from './install.ts';
import { type Computer, computer, forImage, forMachines, locate } from './programs.ts';

const here = (id: string, codename: string): Computer => ({
  platform: 'linux',
  id,
  like: [],
  codename,
  pretty: id,
  root: false,
});
const bookworm = here('debian', 'bookworm');
const noble = here('ubuntu', 'noble');
const sources = [{ uris: ['http://m.example/debian'], suites: ['bookworm'], components: ['main'] }];
const { qemu, qemuPackage } = architecture();
const emulator = { name: qemu, package: qemuPackage };
const images = { name: 'qemu-img', package: 'qemu-utils' };
const builder = { name: 'mmdebstrap', package: 'mmdebstrap' };

const cases: [
  name: string,
  plan: ReturnType<typeof planInstall>,
  packages: string[],
  suite: string | undefined,
][] = [
  ['all is there', planInstall([], '10.0.2', true, bookworm, sources), [], undefined],
  ['QEMU 7 will do for Debian 12', planInstall([], '7.2.19', false, bookworm, sources), [], undefined],
  [
    'QEMU 7 will not do for newer guests',
    planInstall([], '7.2.19', true, bookworm, sources),
    [qemuPackage, 'qemu-utils'],
    'bookworm-backports',
  ],
  [
    'none on Debian 12, newer guests',
    planInstall([emulator, images, builder], undefined, true, bookworm, sources),
    ['mmdebstrap', qemuPackage, 'qemu-utils'],
    'bookworm-backports',
  ],
  [
    'none on Debian 12, Debian 12',
    planInstall([emulator, images], undefined, false, bookworm, sources),
    [qemuPackage, 'qemu-utils'],
    undefined,
  ],
  [
    'only another program',
    planInstall([builder], '10.0.2', true, bookworm, sources),
    ['mmdebstrap'],
    undefined,
  ],
  [
    "Debian 13's own is new enough",
    planInstall([emulator], undefined, true, here('debian', 'trixie'), sources),
    [qemuPackage],
    undefined,
  ],
  [
    "Ubuntu's own too",
    planInstall([emulator, builder], undefined, true, noble, []),
    ['mmdebstrap', qemuPackage],
    undefined,
  ],
];
for (const [name, plan, packages, suite] of cases) {
  t.test(name, async (t) => {
    t.strictSame(plan.packages, packages);
    t.equal(plan.source?.suite, suite);
  });
}

t.test('the commands are what a person can type', async (t) => {
  const plan = planInstall([emulator], undefined, true, bookworm, sources);
  const file = '/etc/apt/sources.list.d/bookworm-backports-theapp-lab.sources';
  const stanza =
    'Types: deb\\nURIs: http://m.example/debian\\nSuites: bookworm-backports\\nComponents: main\\n';
  t.strictSame(commandsOf(plan, false), [
    `printf '${stanza}' | sudo tee ${file}`,
    'sudo apt-get update',
    `sudo apt-get install --no-install-recommends -t bookworm-backports ${qemuPackage}`,
  ]);
  t.strictSame(commandsOf(planInstall([builder], '10.0.2', true, noble, []), true), [
    'apt-get update',
    'apt-get install --no-install-recommends mmdebstrap',
  ]);
});

t.test('what a machine and its image take', async (t) => {
  t.ok(forMachines('debian').some(({ name }) => name === qemu));
  t.strictSame(forMachines('cloud', architecture('arm64'))[0]?.package, 'qemu-efi-aarch64');
  t.notOk(forImage('debian', true).some(({ package: name }) => name === 'uidmap'));
  t.ok(forImage('debian', false).some(({ package: name }) => name === 'uidmap'));
  t.equal(locate('sh')?.endsWith('/sh'), true);
  t.equal(locate('no-such-program'), undefined);
});

t.test('os-release says what the computer is', async (t) => {
  const folder = t.testdir({
    mint: 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=wilma\nPRETTY_NAME="Linux Mint 22"\n',
  });
  t.match(computer(`${folder}/mint`), {
    id: 'linuxmint',
    like: ['ubuntu', 'debian'],
    pretty: 'Linux Mint 22',
  });
  t.match(computer(`${folder}/none`), { id: '', codename: '', pretty: process.platform });
});
