import t from 'tap';
import type { Facts } from '../../provision/index.ts';
import { debian, vm as host, title } from '../../provision/testing.ts';
import { docker } from './index.ts';

const bookworm: Facts = { ...debian, version: '12', codename: 'bookworm' };
const noble: Facts = { ...debian, distribution: 'ubuntu', version: '24.04', codename: 'noble' };
const jammy: Facts = { ...noble, version: '22.04', codename: 'jammy', architecture: 'arm64' };

type Given = Parameters<typeof docker>[0];
const resources = (given: Given, facts = debian) => docker(given).resolve([]).resources(facts, host);
const titles = (given: Given, facts = debian) => resources(given, facts).map(title);

/** The content of a file that the role would write on a fresh host. */
const written = (given: Given, path: string, facts = debian) =>
  resources(given, facts)
    .find((one) => title(one) === `file ${path}`)
    ?.plan({ kind: 'absent' })[0]?.diff?.after ?? '';

t.test('the package with Compose v2 depends on the distribution', async (t) => {
  const table: [Facts, Given, string[]][] = [
    [debian, {}, ['apt.packages docker.io docker-cli docker-compose']],
    [debian, { compose: false }, ['apt.packages docker.io docker-cli']],
    [bookworm, { compose: false }, ['apt.packages docker.io']],
    [noble, {}, ['apt.packages docker.io docker-compose-v2']],
    [jammy, {}, ['apt.packages docker.io docker-compose-v2']],
    [jammy, { compose: false }, ['apt.packages docker.io']],
    [
      bookworm,
      { source: 'docker' },
      [
        'apt.packages ca-certificates curl gnupg',
        'apt.packages docker-ce docker-ce-cli containerd.io docker-compose-plugin',
      ],
    ],
    [
      noble,
      { source: 'docker', compose: false },
      ['apt.packages ca-certificates curl gnupg', 'apt.packages docker-ce docker-ce-cli containerd.io'],
    ],
  ];
  for (const [facts, given, wanted] of table) {
    const found = titles(given, facts).filter((words) => words.startsWith('apt.'));
    t.strictSame(found, wanted, `${facts.codename} ${JSON.stringify(given)}`);
  }
  t.throws(() => titles({}, bookworm), /Debian 12 has no Compose v2/);
});

t.test('Docker’s own repository: the URL and the key', async (t) => {
  const sources = (facts: Facts) =>
    written({ source: 'docker' }, '/etc/apt/sources.list.d/docker.sources', facts);
  t.match(
    sources(jammy),
    /^URIs: https:\/\/download\.docker\.com\/linux\/ubuntu\nSuites: jammy\nComponents: stable\nArchitectures: arm64\nSigned-By: \/etc\/apt\/keyrings\/docker\.asc$/m,
  );
  t.match(sources(debian), /linux\/debian\nSuites: trixie\n/);
  const all = resources({ source: 'docker' }, noble);
  const at = (start: string) => all.findIndex((one) => title(one).startsWith(start));
  t.ok(
    at('command key') < at('file /etc/apt/sources') &&
      at('file /etc/apt/sources') < at('apt.packages docker-ce'),
    'first the key, then the source, then the packages',
  );
  const key = all[at('command key')]?.plan({ kind: 'absent' })[0]?.script.text ?? '';
  t.match(key, /linux\/ubuntu\/gpg/);
  t.match(key, '9DC858229FC7DD38854AE2D88D81803C0EBFCD88');
  t.equal(written({}, '/etc/apt/sources.list.d/docker.sources'), '', 'not with the distribution’s packages');
});

t.test('settings: logs are limited, and a swarm has no live-restore', async (t) => {
  const settings = (given: Given) => JSON.parse(written(given, '/etc/docker/daemon.json'));
  t.strictSame(settings({}), {
    'log-driver': 'json-file',
    'log-opts': { 'max-size': '10m', 'max-file': '3' },
    'live-restore': true,
  });
  t.match(settings({ log_max_size: '1g', log_max_file: 1 }), {
    'log-opts': { 'max-size': '1g', 'max-file': '1' },
  });
  t.match(settings({ swarm: true }), { 'live-restore': false });
  t.match(settings({ live_restore: false }), { 'live-restore': false });
  t.match(settings({ mirrors: ['https://mirror.example.org'] }), {
    'registry-mirrors': ['https://mirror.example.org'],
  });
  t.throws(() => titles({ mirrors: ['mirror.example.org'] }), /docker\.mirrors/);
  t.throws(() => titles({ log_max_size: '10 MB' }), /log_max_size/);
});

t.test('users, and the service', async (t) => {
  t.match(titles({ users: ['admin', 'deploy'] }).slice(-3), ['service docker', 'user admin', 'user deploy']);
  t.throws(() => titles({ users: ['no one'] }), /docker\.users/);
});

t.test('absent: containers are stopped first; images and volumes are only removed with purge', async (t) => {
  const off = (given: Parameters<typeof docker.absent>[0]) =>
    docker.absent(given).resolve([]).resources(debian, host).map(title);
  t.equal(off({})[0], 'command stop all containers');
  t.notMatch(off({}).join('\n'), '/var/lib/docker');
  t.match(off({ purge: true }).join('\n'), /absent \/var\/lib\/docker\n/);
  t.match(off({ source: 'docker' }).join('\n'), /apt\.absent docker-ce /);
});
