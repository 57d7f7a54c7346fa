import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { type Facts, type Host, secret } from '../../provision/index.ts';
import { debian, vm as host, title } from '../../provision/testing.ts';
import { nodeAddress } from './address.ts';
import { spread } from './dns.ts';
import { kubernetes } from './index.ts';
import { belongs, leading } from './leader.ts';
import { modules } from './modules.ts';
import { parseNodes, pruned, ready, schedulable } from './nodes.ts';
import { resolverFor } from './resolver.ts';
import { certificates, isOwn } from './serving.ts';
import { readSurvey } from './survey.ts';
import { aside, folders, unused } from './volumes.ts';

type Given = Parameters<typeof kubernetes>[0];
const container: Facts = {
  ...debian,
  cgroups: 1,
  nameservers: ['127.0.0.11'],
  kernelSettings: 'network',
  privileges: { oomScores: false, devices: false, kernelLog: false, conntrackLimit: false },
};
const members = [
  { host: 'vm', address: '10.0.2.15' },
  { host: 'worker1', address: '10.0.2.16' },
];
const resources = (given: Given, facts = debian) => kubernetes(given).resolve([]).resources(facts, host);
const titles = (given: Given, facts = debian) => resources(given, facts).map(title);
const find = (given: Given, name: string, facts = debian) =>
  resources(given, facts).find((one) => title(one) === name);
const written = (given: Given, path: string, facts = debian) =>
  find(given, `file ${path}`, facts)?.plan({ kind: 'absent' })[0]?.diff?.after ?? '';
const words = (changes: readonly { summary: string }[] | undefined) =>
  changes?.map(({ summary }) => summary) ?? [];

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

t.test('a node does not change its version yet', async (t) => {
  const version = find({}, 'kubernetes version');
  t.strictSame([version?.plan(''), version?.plan('1.36.3')], [[], []]);
  t.throws(() => version?.plan('1.35.4'), /runs Kubernetes 1\.35\.4.*not supported yet/);
});

t.test('what differs in a container follows from its facts', async (t) => {
  const config = '/etc/kubernetes/kubelet.d/50-provision.conf';
  t.match(written({}, config), /^serverTLSBootstrap: true\nnodeStatusUpdateFrequency: 2s\n$/m);
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

const nodes = parseNodes(
  'vm|True|<no value>|v1.36.3\nworker1|True|true|v1.36.3\nold|Unknown|<no value>|v1.36.3\ngone|True|<no value>|v1.36.3\n',
);

t.test('nodes', async (t) => {
  t.match(nodes[1], { name: 'worker1', ready: true, cordoned: true, version: '1.36.3' });
  t.strictSame(ready(members, 60).plan(nodes), []);
  t.strictSame(words(ready(members, 60).plan([])), ['wait until vm, worker1 are ready']);
  t.strictSame(words(schedulable(members, [], 60).plan(nodes)), ['uncordon worker1']);
  t.strictSame(words(schedulable(members, ['vm', 'worker1'], 60).plan(nodes)), ['drain vm']);
  t.strictSame(words(pruned(members, ['gone'], 60).plan(nodes)), ['remove old, which is not ready']);
  t.strictSame(words(pruned(members, ['old'], 60).plan(nodes)), ['drain and remove gone']);
  t.strictSame(spread(members, 60).plan(['vm', 'worker1']), []);
  t.strictSame(spread(members.slice(0, 1), 60).plan(['vm', 'vm']), [], 'there is only one node');
  t.match(words(spread(members, 60).plan(['vm', 'vm'])), [/restart it/]);
});

t.test('serving certificates', async (t) => {
  const request = (user: string, subjects: string[]) => ({ name: 'csr-1', user, subjects });
  const own = request('system:node:worker1', ['DNS:worker1', 'IP Address:10.0.2.16']);
  const worker = members[1] as (typeof members)[0];
  t.ok(isOwn(own, worker));
  const table: [string, ReturnType<typeof request>][] = [
    ['another node', request('system:node:vm', own.subjects)],
    ['the address of another node', request(own.user, ['DNS:worker1', 'IP Address:10.0.2.15'])],
    ['another name', request(own.user, [...own.subjects, 'DNS:kubernetes.default'])],
    ['no name', request(own.user, [])],
  ];
  for (const [what, wrong] of table) t.notOk(isOwn(wrong, worker), what);
  const [requests, approved, used] = certificates(members, 60);
  const plan = (state: Parameters<NonNullable<typeof used>['plan']>[0]) =>
    [requests, approved, used].map((one) => words(one?.plan(state)));
  t.strictSame(plan({ answering: ['vm', 'worker1'], requests: [] }), [[], [], []]);
  t.strictSame(plan({ answering: ['vm'], requests: [] }), [['wait for worker1'], [], ['wait for worker1']]);
  t.strictSame(plan({ answering: ['vm'], requests: [own] }), [
    [],
    ['approve that of worker1'],
    ['wait for worker1'],
  ]);
  t.strictSame(
    plan({ answering: ['vm', 'worker1'], requests: [own] })[1],
    ['approve that of worker1'],
    'renewed',
  );
});

t.test('the survey of a host, and the control plane to work from', async (t) => {
  const at = (name: string): Host => ({ ...host, name });
  const printed = (authority: string, list = '') => `authority ${authority}\n${list}`;
  const leader = readSurvey(
    at('vm'),
    debian,
    printed('aa11', 'controls\n--- nodes\nvm|True|<no value>|v1.36.3\nworker1|True||v1.36.3\n'),
  );
  t.match(leader, { authority: 'aa11', controls: true, silent: '' });
  t.strictSame(
    leader.nodes.map(({ name }) => name),
    ['vm', 'worker1'],
  );
  t.match(readSurvey(at('a'), debian, ''), { authority: '', controls: false, nodes: [] });
  t.equal(leading([leader], [at('vm')]), leader);
  t.equal(leading([leader], [at('other')]), undefined, 'the control plane is not reached');
  const silent = readSurvey(at('vm'), debian, printed('aa11', 'controls\n--- nodes\nconnection refused\n'));
  t.throws(() => leading([silent], [at('vm')]), /does not answer/);
  const worker = (name: string, authority: string) => readSurvey(at(name), debian, printed(authority));
  t.ok(belongs(worker('worker1', 'aa11'), leader, []));
  t.notOk(belongs(worker('worker1', 'bb22'), leader, []), 'it is a node of an earlier cluster');
  t.notOk(belongs(worker('worker2', 'aa11'), leader, []), 'its node was removed');
});

t.test('addresses, name servers and kernel modules', async (t) => {
  const address = (...addresses: string[]) => nodeAddress({ name: 'a' }, { addresses }, ['10.244.0.0/16']);
  t.equal(address('10.0.0.5', '10.244.1.1'), '10.0.0.5', 'the bridge of the pods is ignored');
  t.throws(() => address('10.0.0.5', '10.1.0.5'), /cannot be determined: it has 10/);
  const resolver = (...nameservers: string[]) => resolverFor({ nameservers });
  t.equal(resolver('10.0.2.3'), undefined);
  t.equal(resolver('127.0.0.11'), '/etc/kubernetes/resolv.conf');
  t.equal(resolver(), undefined);
  const plan = (missing: string[], loaded: boolean, stored: boolean) =>
    words(modules.plan({ missing, loaded, stored }));
  t.strictSame(plan(['br_netfilter'], false, false), ['load br_netfilter', 'load them after a reboot']);
  t.strictSame(plan([], true, true), []);
  t.strictSame(plan([], true, false), ['load them after a reboot']);
  t.strictSame(plan([], false, false), [], 'built in, or a container');
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
