import t from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { type Host, type RoleCall, secret } from '../../provision/index.ts';
import { debian, title, vm } from '../../provision/testing.ts';
import { cluster } from './cluster.ts';
import { dissolve } from './dissolve.ts';
import { elsewhere } from './endpoint.ts';
import { parseEtcd } from './etcd.ts';
import { kubernetes } from './index.ts';
import { leading } from './leader.ts';
import { refuse } from './refusals.ts';
import { sharedOf } from './shared.ts';
import { readSurvey, type Surveyed, type Work } from './survey.ts';
import type { Vars } from './vars.ts';

type Given = Parameters<typeof kubernetes>[0];

const named = (name: string): Host => ({
  ...vm,
  name,
  privateAddress: `10.0.2.${{ cp1: 11, cp2: 12, cp3: 13 }[name] ?? 21}`,
});
const [cp1, cp2, cp3, worker] = ['cp1', 'cp2', 'cp3', 'w1'].map(named) as [Host, Host, Host, Host];
const three = [cp1, cp2, cp3];
const peers = three.map(({ name, privateAddress }) => ({ host: name, address: privateAddress ?? '' }));
const resources = (host: Host, given: Given) => kubernetes(given).resolve([]).resources(debian, host);
const titles = (host: Host, given: Given) => resources(host, given).map(title);
const find = (host: Host, given: Given, name: string) =>
  resources(host, given).find((one) => title(one) === name);
const words = (changes: readonly { summary: string }[] | undefined) =>
  changes?.map(({ summary }) => summary) ?? [];

t.test('each node resolves the endpoint by itself', async (t) => {
  const given: Given = { control_planes: peers };
  const on = titles(worker, given).join('\n');
  t.match(on, /apt\.packages conntrack.* haproxy\n/);
  t.match(
    on,
    /file \/etc\/haproxy\/haproxy\.cfg\nline \/etc\/hosts: 127\.0\.0\.1 kubernetes\.internal\nserv/,
  );
  t.notMatch(titles(cp1, given).join('\n'), /haproxy|kubernetes\.internal/, 'a control plane needs none');
  t.match(titles(cp1, { part: 'control-plane', control_planes: peers }).slice(0, 2), [
    'service haproxy',
    'line /etc/hosts: 10.0.2.11 kubernetes.internal',
  ]);
  const mine = { ...given, endpoint: 'api.example.org:443' };
  for (const [host, part] of [
    [worker, 'node'],
    [cp1, 'control-plane'],
  ] as const)
    t.notMatch(titles(host, { ...mine, part }).join('\n'), /haproxy|kubernetes\.internal/);
  const unknown: Given = { control_planes: [...peers.slice(0, 2), { host: 'cp3', address: null }] };
  t.notMatch(titles(worker, unknown).join('\n'), 'haproxy.cfg', 'the present configuration is kept');
  t.match(titles(worker, unknown).join('\n'), 'service haproxy');
});

t.test('HAProxy checks the API servers if there are several', async (t) => {
  const config = (control_planes: Vars['control_planes']) =>
    find(worker, { control_planes }, 'file /etc/haproxy/haproxy.cfg')?.plan({ kind: 'absent' })[0]?.diff
      ?.after ?? '';
  const servers = (text: string) => [...text.matchAll(/^ {2}server (.*)$/gm)].map(([, one]) => one);
  t.strictSame(servers(config(peers)), ['cp1 10.0.2.11:6443', 'cp2 10.0.2.12:6443', 'cp3 10.0.2.13:6443']);
  t.match(config(peers), /option httpchk GET \/readyz\n[\s\S]*on-marked-down shutdown-sessions\n/);
  t.strictSame(servers(config(peers.slice(0, 1))), ['cp1 10.0.2.11:6443']);
  t.notMatch(
    config(peers.slice(0, 1)),
    'check',
    'a slow answer must not end the connections to the only one',
  );
});

t.test('a worker is no control plane, and no node of another cluster', async (t) => {
  const eligible = find(worker, { control_planes: peers }, 'kubernetes no node of another cluster');
  const server = 'https://kubernetes.internal:6443';
  const plan = (state: object) => eligible?.plan({ controls: false, server, peers: [], ...state });
  t.strictSame(plan({ server: '' }), []);
  t.strictSame(plan({ peers: ['10.0.2.11'] }), []);
  t.strictSame(plan({ peers: ['10.0.2.10', '10.0.2.13'] }), [], 'one of them is gone');
  t.throws(() => plan({ peers: ['192.0.2.1'] }), elsewhere('192.0.2.1'));
  t.throws(() => plan({ controls: true }), /is a control plane, and a node cannot become a worker/);
});

t.test('several schedulers and controller managers elect one', async (t) => {
  const config = (control_planes: Vars['control_planes']) => {
    const init = find(cp1, { part: 'control-plane', control_planes }, 'kubeadm init');
    const text = init?.plan({ is: 'initialised', config: '' })[0]?.diff?.after ?? '';
    return parseAllDocuments(text).map((document) => document.toJS())[1];
  };
  const no = { name: 'leader-elect', value: 'false' };
  t.match(config(peers.slice(0, 1)).scheduler.extraArgs, [no]);
  t.match(config(peers.slice(0, 1)).controllerManager.extraArgs[0], no);
  t.equal(config(peers).scheduler, undefined);
  t.notMatch(JSON.stringify(config(peers)), 'leader-elect');
  t.equal(config(peers).controlPlaneEndpoint, 'kubernetes.internal:6443');
});

const shared = sharedOf(Array.from({ length: 9 }, (_, i) => `text ${i}\n--- end\n`).join(''));
const join = {
  endpoint: 'kubernetes.internal:6443',
  token: secret('abcdef.0123456789abcdef'),
  authority: 'aa11',
  control: { shared, through: '10.0.2.11', fresh: true },
};

t.test('a further control plane joins', async (t) => {
  const given: Given = { part: 'control-plane', control_planes: peers, join };
  t.notMatch(titles(cp2, given).join('\n'), 'encryption key', 'it gets the key of the cluster');
  const resource = find(cp2, given, 'kubeadm join');
  t.strictSame(resource?.plan('aa11'), []);
  const [change] = resource?.plan('') ?? [];
  t.equal(change?.summary, 'join the cluster at kubernetes.internal:6443 as a control plane');
  const script = change?.script.text ?? '';
  for (const text of [...shared.map((_, i) => `text ${i}\n`), 'abcdef.0123456789abcdef'])
    t.ok(change?.script.secrets.includes(text), 'redacted in all output');
  const order = [
    'before-',
    '/etc/kubernetes/pki/ca.key',
    '/etc/kubernetes/encryption/config.yaml',
    'echo ',
    'unshare --mount',
    '/etc/kubernetes/kubeadm.yaml',
  ].map((part) => script.indexOf(part));
  t.strictSame(
    order,
    [...order].sort((a, b) => a - b),
  );
  t.match(script, /printf %s 'text 1\n' \| cat >[\s\S]{1,300}chmod 00600 /, 'only root reads a key');
  const config = parse(/printf %s '(apiVersion[\s\S]*?)' \| cat/.exec(script)?.[1] ?? '');
  t.match(config, {
    kind: 'JoinConfiguration',
    controlPlane: { localAPIEndpoint: { advertiseAddress: '10.0.2.12' } },
    discovery: { bootstrapToken: { apiServerEndpoint: 'kubernetes.internal:6443' } },
  });
  const text = (control: typeof join.control | { shared: typeof shared; through: null; fresh: false }) =>
    find(cp2, { ...given, join: { ...join, control } }, 'kubeadm join')?.plan('')[0]?.script.text ?? '';
  const again = text({ shared, through: null, fresh: false });
  t.notMatch(again, 'before-', 'the volumes of a node of this cluster are kept');
  t.notMatch(again, 'unshare', 'the load balancer leads to another one');
});

t.test('the API server of a control plane', async (t) => {
  const answers = find(cp2, { part: 'control-plane', control_planes: peers }, 'kubernetes API server');
  t.strictSame(answers?.plan(true), []);
  t.strictSame(words(answers?.plan(false)), ['wait until it is ready']);
  t.match(answers?.plan(false)[0]?.script.text, '--server=https://10.0.2.12:6443', 'its own');
});

/** Recorded from etcd 3.6. */
const members = (...names: string[]) =>
  `{"header":{"cluster_id":"1","member_id":"2","raft_term":"2"},"members":[{"ID":"7401691016709547885","peerURLs":["https://10.0.2.9:2380"],"isLearner":true},${names.map((name, i) => `{"ID":"1598509937839223538${i}","name":"${name}","peerURLs":["https://10.0.2.1${i}:2380"]}`).join(',')}]}`;

t.test('members of etcd', async (t) => {
  t.match(parseEtcd(`\n${members('cp1')}\n`), [
    { id: '7401691016709547885', name: '' },
    { id: '15985099378392235380', name: 'cp1' },
  ]);
  t.strictSame(parseEtcd(''), [], 'etcd does not answer');
  const etcd = find(cp1, { part: 'token', etcd: ['cp1', 'cp2'] }, 'kubernetes members of etcd');
  const changes = etcd?.plan(parseEtcd(members('cp1', 'cp2', 'cp3')));
  t.strictSame(words(changes), ['remove a member that has never started', 'remove cp3']);
  t.match(changes?.[1]?.script.text, /--data '\{"ID":"15985099378392235382"\}'.*member\/remove/);
  const replaced = find(cp1, { part: 'token', replaced: ['cp2'] }, 'kubernetes nodes of lost control planes');
  const nodes = ['cp1', 'cp2'].map((name) => ({ name, ready: false, cordoned: false, version: '1.36.3' }));
  t.strictSame(words(replaced?.plan(nodes)), ['remove cp2, which is not ready']);
});

/** What a survey prints on a control plane of a cluster with these members of etcd and nodes. */
const control = (etcd: string[], nodes: string[], more = '') =>
  [
    'authority aa11',
    'node',
    'serves',
    'controls',
    `controlPlaneEndpoint ${/endpoint (\S+)/.exec(more)?.[1] ?? 'kubernetes.internal:6443'}`,
    'podSubnet 10.244.0.0/16',
    'serviceSubnet 10.96.0.0/16',
    `encryption ${/key (\S+)/.exec(more)?.[1] ?? 'e1'}`,
    '--- etcd',
    etcd.length > 0 ? members(...etcd) : '',
    '--- nodes',
    ...(nodes.length > 0 ? nodes.map((name) => `${name}|True|<no value>|v1.36.3`) : ['connection refused']),
    '',
  ].join('\n');
const node = 'authority aa11\nnode\n';
const names = ['cp1', 'cp2', 'cp3'];
const whole = control(names, [...names, 'w1']);

t.test('the control plane to work from', async (t) => {
  const at = (host: Host, printed: string) => readSurvey(host, debian, printed);
  const silent = control(names, []);
  t.match(at(cp1, whole), { controls: true, serves: true, encryption: 'e1', etcd: names });
  const table: [what: string, Surveyed[], Host[], string | undefined][] = [
    ['the first', [at(cp1, whole), at(cp2, whole)], three, 'cp1'],
    ['the first that answers', [at(cp1, silent), at(cp2, whole)], three, 'cp2'],
    ['the first is a fresh machine', [at(cp1, ''), at(cp2, whole), at(cp3, whole)], three, 'cp2'],
    ['no cluster yet', [at(cp1, ''), at(cp2, ''), at(cp3, '')], three, 'cp1'],
    ['none is reached', [at(worker, node)], three, undefined],
  ];
  for (const [what, found, planes, leader] of table) t.equal(leading(found, planes)?.host.name, leader, what);
  t.throws(() => leading([at(cp1, ''), at(cp2, '')], three), /has a cluster, but cp3 may have one/);
  t.throws(
    () => leading([at(cp1, silent)], three),
    /does not answer: etcd needs 2 of its 3 members \(cp1, cp2, cp3\)/,
  );
});

t.test('what a cluster cannot become', async (t) => {
  const base: Pick<Vars, 'endpoint' | 'pod_subnet' | 'service_subnet'> = {
    endpoint: null,
    pod_subnet: '10.244.0.0/16',
    service_subnet: '10.96.0.0/16',
  };
  const found = (printed: readonly string[], vars: object = {}, planes = three) => {
    const surveyed = [...three, worker]
      .slice(0, printed.length)
      .map((host, i) => readSurvey(host, debian, printed[i] ?? ''));
    const [leader] = surveyed as [Surveyed];
    const given = {
      leader,
      address: '10.0.2.11',
      surveyed,
      controlPlanes: planes,
      vars: { ...base, ...vars },
    };
    return () => refuse(given);
  };
  const old = control(['cp1'], ['cp1'], 'endpoint 10.0.2.11:6443');
  const fine: [string, () => void][] = [
    ['three', found([whole, whole, whole])],
    ['fresh machines', found(['', '', ''])],
    ['one grows to three', found([control(['cp1'], ['cp1']), '', ''])],
    ['one is down', found([whole, whole])],
    ['one is replaced', found([whole, whole, ''])],
    ['the endpoint that it has', found([whole], { endpoint: 'kubernetes.internal:6443' })],
    ['one with an address stays one', found([old], {}, [cp1])],
    ['an interrupted join', found([whole, whole, 'authority aa11\nnode\nserves\n'])],
  ];
  for (const [what, run] of fine) t.doesNotThrow(run, what);
  const table: [() => void, RegExp][] = [
    [found([whole], { endpoint: 'x:1' }), /kubernetes\.endpoint: .*cannot become x:1/],
    [found([whole], { pod_subnet: '10.1.0.0/16' }), /pod_subnet: .*has 10\.244\.0\.0\/16/],
    [found([whole], { service_subnet: '10.1.0.0/16' }), /kubernetes\.service_subnet/],
    [found([old, '', '']), /is the address of cp1, so it cannot get more control planes/],
    [found([whole, 'authority bb22\nnode\n']), /cp2: this host is a node of another cluster/],
    [found(['', whole]), /cp2: this host is a node of another cluster/],
    [found([whole, whole, node]), /cp3: this host is a worker of the cluster/],
    [found([whole, control(names, names, 'key e2')]), /cp2: the key of the cluster's Secrets differs/],
    [found([whole, '']), /cp2 cannot join as a control plane while cp3/],
    [found([whole, control(names, []), '']), /cp3 cannot join as a control plane while cp2/],
  ];
  for (const [run, error] of table) t.throws(run, error);
});

/** Runs `cluster` on hosts that print this, and returns which parts it applied to which hosts, in order. */
async function applied(printed: Readonly<Record<string, string>>, down: readonly string[] = []) {
  const made: string[] = [];
  const work: Work = {
    apply: async (to, ...calls) => {
      for (const call of calls) made.push(`${[to].flat().map(({ name }) => name)}: ${partOf(call)}`);
    },
    remaining: (hosts) => hosts.filter(({ name }) => !down.includes(name)),
    read: async (host) => printed[host.name] ?? '',
    facts: async () => debian,
    variables: (_, call) => call.resolve([]).vars,
    warn: (text) => made.push(text),
  };
  await cluster(work, [...three, worker], three);
  return made;
}

function partOf(call: RoleCall): string {
  const { part, join, etcd, replaced, members, absentees } = call.resolve([]).vars as Vars;
  if (part === 'token') return `token etcd=${etcd} replaced=${replaced}`;
  if (part === 'cluster')
    return `cluster ${members.map(({ host }) => host)} absent=${absentees} etcd=${etcd}`;
  return join?.control ? `${part} through ${join.control.through}, fresh: ${join.control.fresh}` : part;
}

t.test('what a run does', async (t) => {
  const all = { cp1: whole, cp2: whole, cp3: whole, w1: node };
  const kept = ['cp2: control-plane', 'cp3: control-plane'];
  const last = ['cp1: cluster cp1,cp2,cp3,w1 absent= etcd=cp1,cp2,cp3', 'cp1,cp2,cp3: maintenance'];
  t.strictSame(await applied(all), [...kept, ...last], 'nothing is new: one after another, without a token');
  t.strictSame(await applied({ cp1: '', cp2: '', cp3: '', w1: '' }), [
    'cp1: control-plane',
    'cp1: token etcd=cp1 replaced=cp2,cp3',
    'cp2: reset',
    'cp2: control-plane through 10.0.2.11, fresh: true',
    'cp3: reset',
    'cp3: control-plane through 10.0.2.11, fresh: true',
    'w1: worker',
    'cp1: no-token',
    ...last,
  ]);
  t.strictSame(
    await applied({ ...all, cp1: '' }),
    [
      'cp2: control-plane',
      'cp2: token etcd=cp2,cp3 replaced=cp1',
      'cp1: reset',
      'cp1: control-plane through 10.0.2.12, fresh: true',
      'cp3: control-plane',
      'cp2: no-token',
      'cp2: cluster cp2,cp1,cp3,w1 absent= etcd=cp1,cp2,cp3',
      'cp1,cp2,cp3: maintenance',
    ],
    'the first is a fresh machine',
  );
  t.strictSame(
    await applied(all, ['cp1']),
    ['cp3: control-plane', 'cp2: cluster cp2,cp3,w1 absent=cp1 etcd=cp1,cp2,cp3', 'cp1,cp2,cp3: maintenance'],
    'the first is down',
  );
  const removed = control(['cp1', 'cp2'], ['cp1', 'cp2', 'w1']);
  const away = control(['cp1', 'cp2', 'cp3'], []);
  t.match(
    await applied({ cp1: removed, cp2: removed, cp3: away, w1: node }),
    ['cp1: control-plane', /replaced=cp3/, 'cp3: reset', /cp3: .*fresh: false/],
    'one that was removed while it was away joins again',
  );
});

t.test('the control planes leave one after another, the first last', async (t) => {
  const left: string[] = [];
  const work = {
    apply: async (to: Host | readonly Host[]) => {
      left.push(...[to].flat().map(({ name }) => name));
    },
    remaining: (hosts: readonly Host[]) => hosts,
  };
  await dissolve(work, three);
  t.strictSame(left, ['cp3', 'cp2']);
});
