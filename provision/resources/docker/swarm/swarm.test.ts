import t from 'tap';
import type { Change, Resource } from '../../../language/resource.ts';
import { secret } from '../../../shell/secret.ts';
import { init, join, leave } from './membership.ts';
import { nodes, pruned } from './nodes.ts';
import { nanoseconds, settings } from './settings.ts';

/** Recorded from `docker info` of Docker 26.1.5. */
const manager =
  '{"NodeID":"m1","NodeAddr":"10.77.2.11","LocalNodeState":"active","ControlAvailable":true,"Error":"","RemoteManagers":[{"NodeID":"m1","Addr":"10.77.2.11:2377"}],"Nodes":3,"Managers":1,"Cluster":{"ID":"c1","Spec":{"Name":"default","Labels":{},"Orchestration":{"TaskHistoryRetentionLimit":3},"Dispatcher":{"HeartbeatPeriod":5000000000},"CAConfig":{"NodeCertExpiry":7776000000000000}}}}';
const worker =
  '{"NodeID":"w1","NodeAddr":"10.77.2.12","LocalNodeState":"active","ControlAvailable":false,"Error":"","RemoteManagers":[{"NodeID":"m1","Addr":"10.77.2.11:2377"}]}';
const outside =
  '{"NodeID":"","NodeAddr":"","LocalNodeState":"inactive","ControlAvailable":false,"Error":"","RemoteManagers":null}';
const locked = outside.replace('inactive', 'locked');

const stateOf = <S>({ probe }: Resource<S>, stdout: string): S => {
  if (!('script' in probe)) throw new Error('the probe belongs to a batch');
  return probe.read({ code: 0, stdout, stderr: '' });
};
const planned = <S>(resource: Resource<S>, stdout: string) => resource.plan(stateOf(resource, stdout));
const summaries = (changes: readonly Change[]) => changes.map(({ summary }) => summary);
const texts = (changes: readonly Change[]) => changes.map(({ script }) => script.text).join('\n');

t.test('init creates a swarm unless the host manages one', async (t) => {
  const create = init({ address: '10.77.2.11', subnets: '10.201.0.0/16' });
  t.strictSame(summaries(planned(create, manager)), []);
  t.strictSame(summaries(planned(create, outside)), ['create a swarm at 10.77.2.11']);
  t.strictSame(summaries(planned(create, '')), ['create a swarm at 10.77.2.11'], 'no Docker yet: --check');
  const text = texts(planned(create, outside));
  t.match(text, '--advertise-addr 10.77.2.11 --data-path-addr 10.77.2.11');
  t.match(text, '--default-addr-pool 10.201.0.0/16');
  t.notMatch(text, 'swarm leave');
  t.match(texts(planned(create, worker)), 'swarm leave --force', 'a worker leaves its swarm first');
  t.throws(() => planned(create, locked), /the swarm is locked/);
});

t.test('join: a host joins once, and the token is not an argument', async (t) => {
  const token = secret('SWMTKN-1-secret');
  const joined = (strangers: string[] = []) =>
    join({ address: '10.77.2.12', token, managers: ['10.77.2.11:2377'], strangers });
  t.strictSame(summaries(planned(joined(), worker)), []);
  t.strictSame(summaries(planned(joined(), outside)), ['join the swarm at 10.77.2.11:2377']);
  const text = texts(planned(joined(), outside));
  t.match(text, /^said=\$\(printf '%s%s"}' .*SWMTKN-1-secret \| curl/m, 'printf is built into the shell');
  t.notMatch(text, /curl.*SWMTKN/);
  t.match(text, '"RemoteAddrs":["10.77.2.11:2377"],"JoinToken":"');
  t.strictSame(planned(joined(), outside)[0]?.script.secrets, ['SWMTKN-1-secret']);
  t.match(texts(planned(joined(['w1']), worker)), 'swarm leave --force', 'its old swarm no longer exists');
  const foreign = worker.replace('10.77.2.11:2377', '192.0.2.1:2377');
  t.throws(
    () => planned(joined(['w1']), foreign),
    /a node of another swarm: the managers of that swarm are 192\.0\.2\.1:2377/,
  );
  t.throws(() => planned(joined(['m1']), manager), /another swarm/, 'a manager belongs to its own swarm');
  t.strictSame(summaries(planned(leave, worker)), ['leave the swarm']);
  t.strictSame(summaries(planned(leave, outside)), []);
});

t.test('settings', async (t) => {
  const defaults = { certExpiry: '2160h', caGeneration: 0, heartbeat: '5s', taskHistory: 3 };
  const table: [object, string[]][] = [
    [{}, []],
    [{ heartbeat: '2s', taskHistory: 5 }, ['set dispatcher-heartbeat 2s, task-history-limit 5']],
    [{ certExpiry: '24h' }, ['set cert-expiry 24h']],
    [{ caGeneration: 1 }, ['replace the certificate authority (0 → 1)']],
  ];
  for (const [given, wanted] of table)
    t.strictSame(
      summaries(planned(settings({ ...defaults, ...given }), manager)),
      wanted,
      JSON.stringify(given),
    );
  const rotated = manager.replace('7776000000000000', '7776000000000000,"ForceRotate":1');
  t.strictSame(summaries(planned(settings({ ...defaults, caGeneration: 1 }), rotated)), []);
  t.equal(nanoseconds('1h30m5s'), 5405e9);
});

const node = (ID: string, name: string, more: object = {}, state = 'ready') => ({
  ID,
  Spec: { Role: 'worker', Availability: 'active', Labels: { host: name, workers: 'true' }, ...more },
  Description: { Hostname: name },
  Status: { State: state, Addr: '10.77.2.12' },
});
const member = { host: 'a', id: '1', manager: false, labels: ['workers'] };
const members = [member];

t.test('nodes get the role, labels and availability of their hosts', async (t) => {
  const table: [string, object[], object, string[]][] = [
    ['nothing to do', [node('1', 'a')], {}, []],
    ['new', [node('1', 'a', { Labels: {} })], {}, ['change a: +host=a, +workers=true']],
    [
      'a different group',
      [node('1', 'a', { Labels: { host: 'a', old: 'true' } })],
      {},
      ['change a: +workers=true, -old'],
    ],
    ['drained by hand', [node('1', 'a', { Availability: 'drain' })], {}, ['change a: drain → active']],
    ['to be drained', [node('1', 'a')], { drained: ['a'] }, ['change a: active → drain']],
    [
      'promoted',
      [node('1', 'a')],
      { members: [{ ...member, manager: true }] },
      ['change a: worker → manager'],
    ],
  ];
  for (const [name, now, more, expected] of table)
    t.strictSame(
      summaries(planned(nodes({ members, drained: [], ...more }), JSON.stringify(now))),
      expected,
      name,
    );
  t.throws(
    () => planned(nodes({ members, drained: [] }), '[]'),
    /a is node 1, but the swarm does not know this node/,
  );
});

t.test('nodes without a host are removed; those of absent hosts are kept', async (t) => {
  const table: [string, object[], string[], string[]][] = [
    ['all nodes have hosts', [node('1', 'a')], [], []],
    ['a host was removed', [node('1', 'a'), node('2', 'b')], [], ['drain and remove b']],
    ['an absent host', [node('1', 'a'), node('2', 'b', {}, 'down')], ['b'], []],
    ['a host is gone', [node('1', 'a'), node('2', 'b', {}, 'down')], [], ['remove b, which is down']],
    ['a host was recreated', [node('1', 'a'), node('0', 'a', {}, 'down')], [], ['remove a, which is down']],
    ['a node without labels', [node('1', 'a'), node('2', 'c', { Labels: {} }, 'down')], ['c'], []],
  ];
  for (const [name, now, absentees, expected] of table)
    t.strictSame(
      summaries(planned(pruned({ members, absentees, drainSeconds: 60 }), JSON.stringify(now))),
      expected,
      name,
    );
  const old = planned(
    pruned({ members, absentees: [], drainSeconds: 60 }),
    JSON.stringify([node('2', 'b', { Role: 'manager' }, 'down')]),
  );
  t.match(texts(old), /docker node demote 2 .*\ndocker node rm --force 2/, 'a manager is demoted first');
});
