import t from 'tap';
import type { Host, RoleCall } from '../../provision/index.ts';
import { debian } from '../../provision/testing.ts';
import { cp1, cp2, cp3, find, three, words, worker } from '../../testing/nodes.ts';
import { cluster } from './cluster.ts';
import { dissolve } from './dissolve.ts';
import { parseEtcd } from './etcd.ts';
import { leading } from './leader.ts';
import { parseNodes } from './nodes.ts';
import { refuse } from './refusals.ts';
import { readSurvey, type Surveyed, type Work } from './survey.ts';
import type { Upgrade } from './upgrade/index.ts';
import type { Vars } from './vars.ts';

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
  const nodes = parseNodes('cp1|False|<no value>|v1.36.3|\ncp2|False|<no value>|v1.36.3|\n');
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

const idle: Upgrade = {
  version: '1.36.3',
  turns: [],
  minor: false,
  left: [],
  installed: {},
  reboots: [],
  gone: [],
};

/** Runs `cluster` on hosts that print this, and returns which parts it applied to which hosts, in order. */
async function applied(
  printed: Readonly<Record<string, string>>,
  down: readonly string[] = [],
  upgrade: Upgrade = idle,
) {
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
  await cluster(work, [...three, worker], three, upgrade);
  return made;
}

function partOf(call: RoleCall): string {
  const { part, join, etcd, replaced, members, absentees, step } = call.resolve([]).vars as Vars;
  if (step) return 'node' in step ? `${step.does} ${step.node}` : step.does;
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
  const turn = { host: 'cp2', does: 'kubelet' } as const;
  t.match(
    await applied({ ...all, w1: '' }, [], { ...idle, turns: [turn], reboots: ['cp3'], gone: ['cp9'] }),
    [
      'cp1: prune',
      ...['cp1: drain cp2', 'cp2: kubelet', 'cp1: return cp2'],
      ...['cp1: drain cp3', 'cp1: leave cp3', 'cp3: reboot', 'cp1: return cp3'],
      'cp1: control-plane',
      /token/,
      'w1: worker',
    ],
    'an upgrade and reboots come before another node joins',
  );
  t.notMatch(
    await applied({ cp1: '', cp2: '', cp3: '', w1: '' }, [], { ...idle, turns: [turn] }),
    ['cp2: kubelet'],
    'a new cluster has nothing to upgrade',
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
