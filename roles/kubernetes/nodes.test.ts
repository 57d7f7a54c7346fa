import t from 'tap';
import type { Host } from '../../provision/index.ts';
import { debian, vm as host } from '../../provision/testing.ts';
import { members, words } from '../../testing/nodes.ts';
import { nodeAddress } from './address.ts';
import { replicated } from './dns.ts';
import { belongs, leading } from './leader.ts';
import { modules } from './modules.ts';
import { parseNodes, pruned, ready, schedulable } from './nodes.ts';
import { resolverFor } from './resolver.ts';
import { certificates, isOwn } from './serving.ts';
import { readSurvey } from './survey.ts';

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
  t.strictSame(replicated(members, []).plan('2 kubernetes.io/hostname PreferSameNode'), []);
  t.strictSame(replicated(members.slice(0, 1), []).plan('2'), [], 'there is only one node');
  t.match(words(replicated(members, []).plan('2')), [/run 2 replicas on different nodes/]);
  const drained = replicated(members, ['worker1']);
  t.match(words(drained.plan('2 kubernetes.io/hostname PreferSameNode')), [/run 1 replica,/]);
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
  t.match(readSurvey(at('a'), debian, ''), { authority: '', controls: false, nodes: { length: 0 } });
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
