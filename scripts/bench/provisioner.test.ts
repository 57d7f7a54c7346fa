import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { type Facts, ProvisionError } from '../../provision/index.ts';
import { type Figure, figure, median, table } from './figures.ts';
import { optionsFrom } from './parsing.ts';
import { expectedSums, writeFiles } from './provisioner/files.ts';
import { addresses } from './provisioner/hosts.ts';
import { benchCommand } from './provisioner/options.ts';
import { ansible } from './provisioner/peers/ansible.ts';
import { agrees, floor } from './provisioner/peers/floor.ts';
import { ours } from './provisioner/peers/ours.ts';
import { peerNames } from './provisioner/peers/peer.ts';
import { peersOf } from './provisioner/peers/peers.ts';
import { pyinfra } from './provisioner/peers/pyinfra.ts';
import { tasks } from './provisioner/tasks.ts';
import { workload } from './provisioner/workload/index.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = t.testdir();
const files = writeFiles(join(folder, 'files'));
const place = {
  sockets: '/sockets',
  folder,
  files,
  hosts: addresses(2),
  key: '/key',
  knownHosts: '/known',
  hostKey: 'ssh-ed25519 AAAAC3Nz',
};
const written = (name: string) => readFileSync(join(folder, name), 'utf8');

t.test('every peer gets the same 60 tasks', async (t) => {
  t.equal(tasks.length, 60);
  ansible.prepare(place);
  const [play] = JSON.parse(written('site.yml'));
  t.equal(play.tasks.length, 60, 'ansible');
  pyinfra.prepare(place);
  t.equal(written('deploy.py').match(/^(files|server|apt)\.\w+\(.*\)$/gm)?.length, 60, 'pyinfra');
  const facts: Facts = {
    distribution: 'debian',
    version: '13',
    codename: 'trixie',
    architecture: 'amd64',
    kernel: '',
    hostname: 'h1',
    cores: 1,
    memory: 1024,
    addresses: [],
    nameservers: [],
    kernelSettings: 'all',
    cgroups: 1,
    privileges: { oomScores: false, devices: false, kernelLog: false, conntrackLimit: false },
    systemd: false,
    emulated: false,
    ipsec: { has: 'unknown', seen: '' },
  };
  const host = { name: 'h1', address: '127.0.1.1', groups: [], forwarded: {}, vars: {} };
  const resources = workload({ files }).resolve([]).resources(facts, host);
  t.equal(resources.length, 60, 'ours');
  floor.prepare(place);
  const probes = written('probes.sh');
  for (const task of tasks) t.match(probes, 'path' in task ? task.path : task.name, `floor: ${task.kind}`);
});

t.test('a host is converged only if it has every file', async (t) => {
  const lines = [...expectedSums()].map(([path, sum]) => `${sum}  ${path}\n`);
  t.equal(lines.length, 26);
  t.ok(agrees([...lines, ...lines].join(''), 2));
  t.notOk(agrees([...lines, ...lines.slice(1)].join(''), 2));
});

t.test('a converged run that changes something is detected', async (t) => {
  const recap = (changed: number) => `h1 : ok=55 changed=${changed} failed=0 unreachable=0 handlers=0\n`;
  const play = (changed: number) => `h1 : ok=61   changed=${changed}    unreachable=0    failed=0\n`;
  t.ok(ours.isUnchanged?.(recap(0) + recap(0), 2));
  t.notOk(ours.isUnchanged?.(recap(0) + recap(1), 2));
  t.ok(ansible.isUnchanged?.(play(0) + play(0), 2));
  t.notOk(ansible.isUnchanged?.(play(1) + play(0), 2));
});

t.test('medians', async (t) => {
  for (const [values, wanted] of [
    [[3], 3],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
  ] as const) {
    t.equal(median(values), wanted, values.join(' '));
  }
  t.throws(() => median([]), RangeError);
});

t.test('figures and their table', async (t) => {
  const figures: Figure[] = [
    figure('ours', 1, { first: [2, 2.0004, 9], converged: [0.5, 0.4, 0.3] }),
    figure('floor', 1, { first: [], converged: [0.25] }),
    figure('ansible', 1, { first: [9], converged: [8] }),
  ];
  t.same(figures[0], { name: 'ours', hosts: 1, first: 2, converged: 0.4 });
  t.same(figures[1], { name: 'floor', hosts: 1, first: null, converged: 0.25 });
  const shown = table(figures, 1);
  t.match(shown, /ours \/ floor +converged +1\.60 \(target: at most 2\)/);
  t.match(shown, /ansible \/ ours +first +4\.50 \(target: at least 5; missed\)/);
  t.notMatch(shown, 'mitogen');
});

const parseOptions = (argv: readonly string[]) => optionsFrom(benchCommand, argv);

t.test('options', async (t) => {
  t.same(await parseOptions([]), { hosts: [1, 10], runs: 3, peers: peerNames, json: false });
  t.same(await parseOptions(['--hosts', '2,4', '--runs', '1', '--peers', 'floor,ours', '--json']), {
    hosts: [2, 4],
    runs: 1,
    peers: ['floor', 'ours'],
    json: true,
  });
  t.same(
    peersOf(['floor', 'ours']).map(({ name }) => name),
    ['ours', 'floor'],
  );
  for (const argv of [['--hosts', '0'], ['--runs', 'x'], ['--peers', 'chef'], ['--what'], ['more']]) {
    await t.rejects(parseOptions(argv), ProvisionError, argv.join(' '));
  }
});

t.test('the approach of the benchmark is found by its folder, and --list contacts no host', async (t) => {
  const { argv } = ours.prepare({ ...place, key: join(files, 'f0.conf') });
  const list = await execa(argv[0], [...argv.slice(1), '--list'], { cwd: root });
  t.match(list.stdout, /workload +h1, h2/);
  const wrong = await execa(argv[0], [argv[1] ?? '', './scripts'], { cwd: root, reject: false });
  t.equal(wrong.exitCode, 3);
  t.match(wrong.stderr, 'scripts: this folder contains no approach');
});
