import t from 'tap';
import { commandsOf, planInstall } from '../../computer/install.ts';
import { type Computer, computer, locate } from '../../computer/programs.ts';
import { architecture } from './architecture.ts';
import { forImage, forMachines } from './programs.ts';

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
const debian = (modern: boolean, version?: string) =>
  forMachines({ kind: 'debian', modern }, version).filter(({ name }) => name.startsWith('qemu'));
const none = (modern: boolean) => debian(modern);
const old = (modern: boolean) => debian(modern, '7.2.19').filter(({ outdated }) => outdated !== undefined);
const builder = { name: 'mmdebstrap', package: 'mmdebstrap' };

const cases: [
  name: string,
  plan: ReturnType<typeof planInstall>,
  packages: string[],
  suite: string | undefined,
][] = [
  ['nothing missing', planInstall([], bookworm, sources), [], undefined],
  ['QEMU 7 is new enough for Debian 12', planInstall(old(false), bookworm, sources), [], undefined],
  [
    'QEMU 7 is too old for newer guests',
    planInstall(old(true), bookworm, sources),
    [qemuPackage, 'qemu-utils'],
    'bookworm-backports',
  ],
  [
    'Debian 12 without QEMU, newer guests',
    planInstall([...none(true), builder], bookworm, sources),
    ['mmdebstrap', qemuPackage, 'qemu-utils'],
    'bookworm-backports',
  ],
  [
    'Debian 12 without QEMU, Debian 12 as a guest',
    planInstall(none(false), bookworm, sources),
    [qemuPackage, 'qemu-utils'],
    undefined,
  ],
  ['only another program', planInstall([builder], bookworm, sources), ['mmdebstrap'], undefined],
  [
    'the QEMU of Debian 13 is new enough',
    planInstall(none(true), here('debian', 'trixie'), sources),
    [qemuPackage, 'qemu-utils'],
    undefined,
  ],
  [
    'the QEMU of Ubuntu is new enough',
    planInstall([...none(true), builder], noble, []),
    ['mmdebstrap', qemuPackage, 'qemu-utils'],
    undefined,
  ],
];
for (const [name, plan, packages, suite] of cases) {
  t.test(name, async (t) => {
    t.strictSame(plan.packages, packages);
    t.equal(plan.source?.suite, suite);
  });
}

t.test('the equivalent shell commands', async (t) => {
  const plan = planInstall(none(true), bookworm, sources);
  const file = '/etc/apt/sources.list.d/bookworm-backports-theapp-lab.sources';
  const stanza =
    'Types: deb\\nURIs: http://m.example/debian\\nSuites: bookworm-backports\\nComponents: main\\n';
  t.strictSame(commandsOf(plan, false), [
    `printf '${stanza}' | sudo tee ${file}`,
    'sudo apt-get update',
    `sudo apt-get install --no-install-recommends -t bookworm-backports ${qemuPackage} qemu-utils`,
  ]);
  t.strictSame(commandsOf(planInstall([builder], noble, []), true), [
    'apt-get update',
    'apt-get install --no-install-recommends mmdebstrap',
  ]);
});

t.test('programs for machines and for images', async (t) => {
  t.ok(forMachines({ kind: 'debian', modern: true }, undefined).some(({ name }) => name === qemu));
  t.strictSame(
    forMachines({ kind: 'cloud', modern: true }, undefined, architecture('arm64'))[0]?.package,
    'qemu-efi-aarch64',
  );
  t.notOk(forImage('debian', true).some(({ package: name }) => name === 'uidmap'));
  t.ok(forImage('debian', false).some(({ package: name }) => name === 'uidmap'));
  t.equal(locate('sh')?.endsWith('/sh'), true);
  t.equal(locate('no-such-program'), undefined);
});

t.test('the operating system is read from os-release', async (t) => {
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
