import t from 'tap';
import type { Change, Resource } from '../../provision/authoring.ts';
import { type Host, secret } from '../../provision/index.ts';
import { addressOf } from './address.ts';
import { leading } from './cluster.ts';
import { swarm } from './index.ts';
import { nodes, others } from './members.ts';
import { begun, joined, left, settings } from './node.ts';
import { seen } from './nodes.ts';
import { nanoseconds, readNodes } from './state.ts';

/** What `docker info` of Docker 26.1.5 says on a host of each kind. */
const manager =
  '{"NodeID":"m1","NodeAddr":"10.77.2.11","LocalNodeState":"active","ControlAvailable":true,"Error":"","RemoteManagers":[{"NodeID":"m1","Addr":"10.77.2.11:2377"}],"Nodes":3,"Managers":1,"Cluster":{"ID":"c1","Spec":{"Name":"default","Labels":{},"Orchestration":{"TaskHistoryRetentionLimit":3},"Dispatcher":{"HeartbeatPeriod":5000000000},"CAConfig":{"NodeCertExpiry":7776000000000000}}}}';
const worker =
  '{"NodeID":"w1","NodeAddr":"10.77.2.12","LocalNodeState":"active","ControlAvailable":false,"Error":"","RemoteManagers":[{"NodeID":"m1","Addr":"10.77.2.11:2377"}]}';
const outside =
  '{"NodeID":"","NodeAddr":"","LocalNodeState":"inactive","ControlAvailable":false,"Error":"","RemoteManagers":null}';
const locked = outside.replace('inactive', 'locked');

const stateOf = <S>({ probe }: Resource<S>, stdout: string): S => {
  if (!('script' in probe)) throw new Error('it has a probe of its own');
  return probe.read({ code: 0, stdout, stderr: '' });
};
const planned = <S>(resource: Resource<S>, stdout: string) => resource.plan(stateOf(resource, stdout));
const summaries = (changes: readonly Change[]) => changes.map(({ summary }) => summary);
const texts = (changes: readonly Change[]) => changes.map(({ script }) => script.text).join('\n');

t.test('a swarm begins where there is none', async (t) => {
  const init = begun('10.77.2.11', '10.201.0.0/16');
  t.strictSame(summaries(planned(init, manager)), []);
  t.strictSame(summaries(planned(init, outside)), ['begin a swarm at 10.77.2.11']);
  t.strictSame(summaries(planned(init, '')), ['begin a swarm at 10.77.2.11'], 'no Docker yet: --check');
  const text = texts(planned(init, outside));
  t.match(text, '--advertise-addr 10.77.2.11 --data-path-addr 10.77.2.11');
  t.match(text, '--default-addr-pool 10.201.0.0/16');
  t.notMatch(text, 'swarm leave');
  t.match(
    texts(planned(init, worker)),
    'swarm leave --force',
    'a worker of a swarm that has no manager here',
  );
  t.throws(() => planned(init, locked), /the swarm is locked/);
});

t.test('who has not joined joins, with the token in no argument', async (t) => {
  const token = secret('SWMTKN-1-secret');
  const join = (strangers: string[] = []) =>
    joined('10.77.2.12', { token, managers: ['10.77.2.11:2377'], strangers });
  t.strictSame(summaries(planned(join(), worker)), []);
  t.strictSame(summaries(planned(join(), outside)), ['join the swarm at 10.77.2.11:2377']);
  const text = texts(planned(join(), outside));
  t.match(text, /^said=\$\(printf '%s%s"}' .*SWMTKN-1-secret \| curl/m, 'printf is the shell’s own');
  t.notMatch(text, /curl.*SWMTKN/);
  t.match(text, '"RemoteAddrs":["10.77.2.11:2377"],"JoinToken":"');
  t.strictSame(planned(join(), outside)[0]?.script.secrets, ['SWMTKN-1-secret']);
  t.match(
    texts(planned(join(['w1']), worker)),
    'swarm leave --force',
    'its swarm is no more, the manager is anew',
  );
  const foreign = worker.replace('10.77.2.11:2377', '192.0.2.1:2377');
  t.throws(
    () => planned(join(['w1']), foreign),
    /a node of another swarm: its managers are 192\.0\.2\.1:2377/,
  );
  t.throws(() => planned(join(['m1']), manager), /another swarm/, 'a manager has a swarm of its own');
  t.strictSame(summaries(planned(left, worker)), ['leave the swarm']);
  t.strictSame(summaries(planned(left, outside)), []);
});

t.test('settings of the whole', async (t) => {
  const byDefault = { cert_expiry: '2160h', ca_generation: 0, heartbeat: '5s', task_history: 3 };
  const table: [object, string[]][] = [
    [{}, []],
    [{ heartbeat: '2s', task_history: 5 }, ['dispatcher-heartbeat 2s, task-history-limit 5']],
    [{ cert_expiry: '24h' }, ['cert-expiry 24h']],
    [{ ca_generation: 1 }, ['replace the certificate authority (0 → 1)']],
  ];
  for (const [given, wanted] of table)
    t.strictSame(
      summaries(planned(settings({ ...byDefault, ...given }), manager)),
      wanted,
      JSON.stringify(given),
    );
  const rotated = manager.replace('7776000000000000', '7776000000000000,"ForceRotate":1');
  t.strictSame(summaries(planned(settings({ ...byDefault, ca_generation: 1 }), rotated)), []);
  t.equal(nanoseconds('1h30m5s'), 5405e9);
});

const node = (ID: string, name: string, more: object = {}, state = 'ready') => ({
  ID,
  Spec: { Role: 'worker', Availability: 'active', Labels: { host: name, workers: 'true' }, ...more },
  Description: { Hostname: name },
  Status: { State: state, Addr: '10.77.2.12' },
});
const member = { host: 'a', id: '1', manager: false, labels: ['workers'] };
const wanted = { members: [member], absentees: [], drained: [], drain_seconds: 60 };

t.test('labels, roles and availability are those of the hosts', async (t) => {
  const table: [string, object[], object, string[]][] = [
    ['as it should be', [node('1', 'a')], {}, []],
    ['new', [node('1', 'a', { Labels: {} })], {}, ['a: +host=a, +workers=true']],
    [
      'another group',
      [node('1', 'a', { Labels: { host: 'a', old: 'true' } })],
      {},
      ['a: +workers=true, -old'],
    ],
    ['drained by hand', [node('1', 'a', { Availability: 'drain' })], {}, ['a: drain → active']],
    ['to be drained', [node('1', 'a')], { drained: ['a'] }, ['a: active → drain']],
    ['promoted', [node('1', 'a')], { members: [{ ...member, manager: true }] }, ['a: worker → manager']],
  ];
  for (const [name, now, more, expected] of table)
    t.strictSame(summaries(planned(nodes({ ...wanted, ...more }), JSON.stringify(now))), expected, name);
  t.throws(() => planned(nodes(wanted), '[]'), /a is node 1, and the swarm does not know it/);
});

t.test('who is no host leaves; who is away keeps its place', async (t) => {
  const table: [string, object[], string[], string[]][] = [
    ['all are hosts', [node('1', 'a')], [], []],
    ['taken out', [node('1', 'a'), node('2', 'b')], [], ['drain and remove b']],
    ['away', [node('1', 'a'), node('2', 'b', {}, 'down')], ['b'], []],
    ['gone', [node('1', 'a'), node('2', 'b', {}, 'down')], [], ['remove b, which is down']],
    ['made anew', [node('1', 'a'), node('0', 'a', {}, 'down')], [], ['remove a, which is down']],
    ['never labelled', [node('1', 'a'), node('2', 'c', { Labels: {} }, 'down')], ['c'], []],
  ];
  for (const [name, now, absentees, expected] of table)
    t.strictSame(summaries(planned(others({ ...wanted, absentees }), JSON.stringify(now))), expected, name);
  const old = planned(others(wanted), JSON.stringify([node('2', 'b', { Role: 'manager' }, 'down')]));
  t.match(texts(old), /docker node demote 2 .*\ndocker node rm --force 2/, 'a manager is demoted first');
});

const host = (name: string, address?: string): Host => ({
  name,
  address: '127.0.0.1',
  groups: [],
  forwarded: {},
  vars: {},
  ...(address ? { privateAddress: address } : {}),
});
const answer = (own: string, list: object[] = []) =>
  `${own}\n--- ports\nr1\na 10.0.0.1\n--- overlay\n--- nodes\n${JSON.stringify(list)}\n--- tokens\nM\nW\n`;

t.test('a look at a host, and which manager is worked from', async (t) => {
  const facts = { addresses: ['10.0.0.1'] };
  const [a, b] = [host('a'), host('b')];
  const fresh = seen(a, facts, answer(outside));
  t.match(fresh, {
    address: '10.0.0.1',
    ports: ['a 10.0.0.1'],
    overlay: [],
    tokens: { manager: 'M', worker: 'W' },
  });
  t.match(seen(a, facts, ''), { swarm: { LocalNodeState: 'inactive' }, nodes: [] }, 'no Docker yet');
  const has = seen(b, facts, answer(manager, [node('m1', 'b')]));
  t.equal(leading([fresh], [a])?.host, a, 'none has a swarm');
  t.equal(leading([fresh, has], [a, b])?.host, b, 'the second has it: the first is new');
  t.equal(leading([], [a]), undefined, 'no manager is reached');
  t.throws(() => leading([fresh], [a, b]), /b may have it.*would split/, 'who may have it is away');
  t.strictSame(readNodes({ stdout: '' }), []);
});

t.test('where others reach a host', async (t) => {
  const at = (addresses: string[], own?: string) => addressOf(host('a', own), { addresses });
  t.equal(at(['10.0.0.1', '10.0.2.15'], '10.0.0.1'), '10.0.0.1');
  t.equal(at(['10.0.2.15', '172.17.0.1', 'fd00::1']), '10.0.2.15', 'Docker’s bridge is none');
  t.throws(() => at(['10.0.0.1', '10.0.2.15']), /not clear at which address.*10\.0\.0\.1, 10\.0\.2\.15/);
});

t.test('input', async (t) => {
  const table: [Parameters<typeof swarm>[0], RegExp][] = [
    [{ cert_expiry: '90 days' }, /cert_expiry: .*expected a duration/],
    [{ subnets: '10.0.0.0' }, /swarm\.subnets/],
    [{ heartbeat: '-1s' }, /heartbeat/],
  ];
  for (const [given, error] of table) t.throws(() => swarm(given).resolve([]), error, JSON.stringify(given));
  t.doesNotThrow(() => swarm().resolve([]));
});
