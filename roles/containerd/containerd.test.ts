import t from 'tap';
import type { Facts } from '../../provision/index.ts';
import { debian, vm as host, title } from '../../provision/testing.ts';
import { containerd } from './index.ts';

type Given = Parameters<typeof containerd>[0];
const noble: Facts = { ...debian, distribution: 'ubuntu', version: '24.04', codename: 'noble' };
const container: Facts = {
  ...debian,
  kernelSettings: 'network',
  privileges: { oomScores: false, devices: false, kernelLog: false, conntrackLimit: false },
};
const resources = (given: Given, facts = debian) => containerd(given).resolve([]).resources(facts, host);
const titles = (given: Given, facts = debian) => resources(given, facts).map(title);
const find = (given: Given, name: string, facts = debian) =>
  resources(given, facts).find((one) => title(one) === name);

t.test('packages: Docker’s repository by default, or the distribution', async (t) => {
  t.strictSame(
    titles({}, noble).filter((one) => /^apt|^command|sources/.test(one)),
    [
      'apt.packages ca-certificates curl gnupg',
      'command key of Docker’s repository',
      'file /etc/apt/sources.list.d/docker.sources',
      'apt.packages containerd.io',
    ],
  );
  t.strictSame(
    titles({ source: 'distro' }).filter((one) => one.startsWith('apt')),
    ['apt.packages containerd runc'],
  );
});

/** The configuration that would be written where this version is installed. */
const written = (version: string, facts = debian, given: Given = {}) => {
  const config = find(given, 'file /etc/containerd/config.toml', facts);
  const probe = config?.probe;
  const state = probe && 'script' in probe ? probe.read({ code: 0, stdout: version, stderr: '' }) : undefined;
  return config?.plan(state)[0]?.diff?.after ?? '';
};

/** Printed by `containerd --version`. */
const versions = {
  bookworm: 'containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u1\n',
  trixie: 'containerd github.com/containerd/containerd 1.7.24~ds1 1.7.24~ds1-6+deb13u1\n',
  docker: 'containerd containerd.io v2.2.1 dea7da592f5d1d2b7755e3a161be07f43fad8f75\n',
};

t.test('the format of the configuration follows from the installed version', async (t) => {
  t.match(
    written(versions.bookworm),
    /^version = 2\n[\s\S]*io\.containerd\.grpc\.v1\.cri[\s\S]*SystemdCgroup = true/m,
  );
  t.match(written(versions.trixie), /^version = 2$/m);
  t.match(
    written(versions.docker),
    /^version = 3\n[\s\S]*cri\.v1\.images[\s\S]*cri\.v1\.runtime[\s\S]*SystemdCgroup = true/m,
  );
  t.match(written('none\n'), /^version = 3$/m, 'a dry run before it is installed');
  t.match(written('none\n', debian, { source: 'distro' }), /^version = 2$/m);
  t.match(written(versions.docker, debian, { sandbox_image: 'a/b:1' }), 'sandbox = "a/b:1"');
  t.equal(written(`${versions.docker}${written(versions.docker)}`), '', 'nothing to change the second time');
});

t.test('what root cannot do in a container', async (t) => {
  for (const version of [versions.trixie, versions.docker]) {
    t.match(written(version), /restrict_oom_score_adj = false[\s\S]*privileged_without_host_devices = false/);
    t.match(
      written(version, container),
      /restrict_oom_score_adj = true[\s\S]*privileged_without_host_devices = true/,
    );
  }
});

t.test('mirrors', async (t) => {
  const given = { mirrors: { 'docker.io': 'http://10.0.0.1:5000', 'registry.k8s.io': 'https://m.example' } };
  const text = (name: string) =>
    find(given, `file /etc/containerd/certs.d/${name}/hosts.toml`)?.plan({ kind: 'absent' })[0]?.diff?.after;
  t.match(
    text('docker.io'),
    /^server = "https:\/\/registry-1\.docker\.io"\n\n\[host\."http:\/\/10\.0\.0\.1:5000"\]/m,
  );
  t.match(text('registry.k8s.io'), /^server = "https:\/\/registry\.k8s\.io"$/m);
  const pruned = find(given, 'containerd mirrors that are not listed');
  t.strictSame(pruned?.plan(['docker.io']), []);
  t.match(pruned?.plan(['docker.io', 'ghcr.io']), [{ summary: 'remove the mirror of ghcr.io' }]);
  const table: Given[] = [
    { mirrors: { 'docker.io': 'mirror.example.org' } },
    { mirrors: { 'docker.io': 'https://mirror.example.org/path' } },
    { mirrors: { 'https://docker.io': 'https://mirror.example.org' } },
    { sandbox_image: 'two words' },
  ];
  for (const wrong of table) t.throws(() => titles(wrong), /containerd\./, JSON.stringify(wrong));
});

t.test('absent', async (t) => {
  const off = containerd.absent().resolve([]).resources(debian, host).map(title);
  t.match(off.join('\n'), /^command stop containerd\napt\.absent containerd\.io\n/);
  t.match(off.join('\n'), 'absent /var/lib/containerd');
});
