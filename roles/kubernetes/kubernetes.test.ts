import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { type Facts, secret } from '../../provision/index.ts';
import { debian, vm as host, title } from '../../provision/testing.ts';
import { type Given, members, words } from '../../testing/nodes.ts';
import { kubernetes } from './index.ts';
import { aside, folders, unused } from './volumes.ts';

const container: Facts = {
  ...debian,
  cgroups: 1,
  nameservers: ['127.0.0.11'],
  kernelSettings: 'network',
  privileges: { oomScores: false, devices: false, kernelLog: false, conntrackLimit: false },
};
const resources = (given: Given, facts = debian) => kubernetes(given).resolve([]).resources(facts, host);
const titles = (given: Given, facts = debian) => resources(given, facts).map(title);
const find = (given: Given, name: string, facts = debian) =>
  resources(given, facts).find((one) => title(one) === name);
const written = (given: Given, path: string, facts = debian) =>
  find(given, `file ${path}`, facts)?.plan({ kind: 'absent' })[0]?.diff?.after ?? '';

t.test('packages: the official repository of the release series, held', async (t) => {
  const all = titles({});
  const at = (start: string) => all.findIndex((one) => one.startsWith(start));
  t.ok(at('kubernetes version') < at('command key of Kubernetes'), 'an upgrade is refused first');
  t.ok(at('command key of Kubernetes') < at('file /etc/apt/sources'));
  t.match(all.join('\n'), /apt\.packages kubelet=1\.36\.3-\* kubeadm=1\.36\.3-\* kubectl=1\.36\.3-\*/);
  t.match(all.join('\n'), 'apt.held kubelet kubeadm kubectl');
  const sources = written({ version: '1.35.4' }, '/etc/apt/sources.list.d/kubernetes.sources');
  t.match(sources, /^URIs: https:\/\/pkgs\.k8s\.io\/core:\/stable:\/v1\.35\/deb\/\nSuites: \/\nArch/m);
  t.match(sources, /^Signed-By: \/etc\/apt\/keyrings\/kubernetes-234654da9a296436\.asc$/m);
  const key = find({}, 'command key of Kubernetes’s repository')?.plan({ kind: 'absent' })[0]?.script.text;
  t.match(key, 'DE15B14486CD377B9E876E1A234654DA9A296436');
});

t.test('new packages do not change the version of a node', async (t) => {
  const version = find({}, 'kubernetes version');
  t.strictSame([version?.plan(''), version?.plan('1.36.3')], [[], []]);
  t.throws(() => version?.plan('1.35.4'), /runs Kubernetes 1\.35\.4.*do not upgrade it/);
});

t.test('what differs in a container follows from its facts', async (t) => {
  const config = '/etc/kubernetes/kubelet.d/50-provision.conf';
  t.match(
    written({}, config),
    /^serverTLSBootstrap: true\nnodeStatusUpdateFrequency: 2s\n# .*\nnodeStatusReportFrequency: 2s\n$/m,
  );
  t.match(
    written({}, config, container),
    /^failCgroupV1: false\n[\s\S]*failSwapOn: false\nresolvConf: \/etc\/kubernetes\/resolv\.conf\n$/m,
  );
  t.match(written({}, config, { ...debian, emulated: true }), 'nodeStatusUpdateFrequency: 12s');
  const [machine, contained] = [titles({}).join('\n'), titles({}, container).join('\n')];
  t.match(machine, 'kubernetes swap');
  t.notMatch(machine, /kmsg|container|dns/);
  t.notMatch(contained, 'kubernetes swap');
  t.match(contained, /symlink \/dev\/kmsg[\s\S]*systemd\.dropin kubelet container/);
  const proxy = (facts: Facts) => kubeadm({ part: 'control-plane' }, facts).at(-1);
  t.strictSame(proxy(debian)?.conntrack, undefined);
  t.strictSame(proxy(container)?.conntrack, { maxPerCore: 0 });
});

/** The documents of the configuration with which a cluster would be created. */
function kubeadm(given: Given, facts = debian) {
  const script = find(given, 'kubeadm init', facts)?.plan({ is: 'absent', config: '' })[0]?.script.text ?? '';
  const text = /printf %s '([\s\S]*?)' \| cat >/.exec(script)?.[1] ?? '';
  return parseAllDocuments(text).map((document) => document.toJS());
}

t.test('kubeadm init', async (t) => {
  const [init, cluster] = kubeadm({ part: 'control-plane' });
  t.match(init, { kind: 'InitConfiguration', localAPIEndpoint: { advertiseAddress: '10.0.2.15' } });
  t.equal(init.nodeRegistration.ignorePreflightErrors, undefined);
  t.strictSame(kubeadm({ part: 'control-plane' }, container)[0].nodeRegistration.ignorePreflightErrors, [
    'SystemVerification',
  ]);
  t.match(cluster, { kubernetesVersion: 'v1.36.3', controlPlaneEndpoint: 'kubernetes.internal:6443' });
  const args = Object.fromEntries(
    cluster.apiServer.extraArgs.map(({ name, value }: Record<string, string>) => [name, value]),
  );
  t.match(args, {
    'default-unreachable-toleration-seconds': '5',
    'encryption-provider-config': '/etc/kubernetes/encryption/config.yaml',
    'kubelet-certificate-authority': '/etc/kubernetes/pki/ca.crt',
  });
  t.match(kubeadm({ part: 'control-plane', endpoint: 'api.example.org:443' })[1], {
    controlPlaneEndpoint: 'api.example.org:443',
  });
  const resource = find({ part: 'control-plane' }, 'kubeadm init');
  t.throws(() => resource?.plan({ is: 'foreign', config: '' }), /did not create/);
  t.match(resource?.plan({ is: 'interrupted', config: '' })[0]?.script.text, 'kubeadm reset --force');
  const change = resource?.plan({ is: 'initialised', config: 'old\n' });
  t.match(change, [{ summary: 'change its configuration', diff: { before: 'old\n' } }]);
  const same = change?.[0]?.diff?.after ?? '';
  t.strictSame(resource?.plan({ is: 'initialised', config: same }), []);
  const older = same.replace('kubernetesVersion: v1.36.3', 'kubernetesVersion: v1.36.1');
  t.not(older, same);
  t.strictSame(resource?.plan({ is: 'initialised', config: older }), [], 'an upgrade changes the version');
});

t.test('kubeadm join', async (t) => {
  const join = {
    endpoint: '10.0.2.15:6443',
    token: secret('abcdef.0123456789abcdef'),
    authority: 'aa11',
    control: null,
  };
  const resource = find({ part: 'worker', join }, 'kubeadm join');
  const plan = (server: string, authority = '', partial = false) =>
    resource?.plan({ server, authority, partial });
  const [change] = plan('') ?? [];
  t.equal(change?.summary, 'join the cluster at 10.0.2.15:6443');
  t.ok(change?.script.secrets.includes('abcdef.0123456789abcdef'), 'the token is redacted in all output');
  t.match(change?.script.text, /umask 077[\s\S]*kubeadm join --config=\/run/);
  t.strictSame(plan('https://10.0.2.15:6443', 'aa11'), []);
  t.match(plan('https://10.0.2.15:6443', 'bb22')?.[0]?.script.text, 'kubeadm reset', 'an earlier cluster');
  t.match(plan('https://10.0.2.15:6443', 'aa11', true)?.[0]?.script.text, 'kubeadm reset', 'interrupted');
  t.throws(() => plan('https://192.0.2.1:6443', 'bb22'), /another cluster.*192\.0\.2\.1/);
});

t.test('volumes', async (t) => {
  const settings = { volumes: 2, volumes_path: '/var/lib/theapp-volumes' };
  t.strictSame(folders(settings).plan(['01', '02', 'before-20260101T000000Z']), []);
  t.match(folders(settings).plan(['01'])[0]?.script.text, 'mkdir -p -- /var/lib/theapp-volumes/02');
  t.match(aside(settings).text, 'before-');
  const gone = unused(members, ['away']);
  const printed =
    'local-old-01|old|Available\nlocal-old-02|old|Bound\nlocal-vm-01|vm|Available\nlocal-away-01|away|Available\n';
  const state = 'script' in gone.probe ? gone.probe.read({ code: 0, stdout: printed, stderr: '' }) : [];
  t.strictSame(state, ['local-old-01'], 'a volume that has a claim is kept');
  t.strictSame(words(gone.plan(state)), ['delete 1 volumes of nodes that are gone']);
  const given: Given = { part: 'cluster', members, volumes: 2 };
  const manifest = find(given, 'kubernetes.manifest volumes');
  const script = manifest?.plan({ cluster: 'none', diffs: [], said: '' })[0];
  t.equal(script?.summary, 'create 5 objects', 'a class, and two volumes on each of two nodes');
});

t.test('absent: volumes are only removed with purge', async (t) => {
  const off = (given: Parameters<typeof kubernetes.absent>[0], facts = debian) =>
    kubernetes.absent(given).resolve([]).resources(facts, host).map(title).join('\n');
  t.match(off({}), /^command kubeadm reset\n[\s\S]*apt\.held\.absent[\s\S]*apt\.absent kubelet /);
  t.notMatch(off({}), 'theapp-volumes');
  t.match(off({ purge: true }), 'absent /var/lib/theapp-volumes');
  t.match(off({}), 'kubernetes swap');
  t.match(off({}, container), 'file.absent /dev/kmsg');
});

t.test('input', async (t) => {
  const table: [Given, RegExp][] = [
    [{ version: 'v1.36.3' }, /version: .*expected a version such as 1\.36\.3/],
    [{ version: '1.36' }, /kubernetes\.version/],
    [{ repository: 'https://example.org/deb' }, /repository: .*ends with a slash/],
    [{ repository_key: 'de15' }, /repository_key: .*40 hexadecimal/],
    [{ endpoint: 'api.example.org' }, /endpoint: .*and a port/],
    [{ pod_subnet: '10.244.0.0' }, /kubernetes\.pod_subnet/],
    [{ volume_size: '10G' }, /volume_size: .*such as 10Gi/],
    [{ volumes_path: '/var' }, /volumes_path/],
    [{ drained: ['Worker'] }, /drained/],
    [{ node_grace_seconds: 1 }, /node_grace_seconds/],
  ];
  for (const [given, error] of table) t.throws(() => titles(given), error, JSON.stringify(given));
});
