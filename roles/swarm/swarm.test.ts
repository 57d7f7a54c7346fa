import t from 'tap';
import type { Host } from '../../provision/index.ts';
import { addressOf } from './address.ts';
import { leading } from './cluster.ts';
import { swarm } from './index.ts';
import { readSurvey } from './survey.ts';

/** Recorded from `docker info` of Docker 26.1.5. */
const manager =
  '{"NodeID":"m1","NodeAddr":"10.77.2.11","LocalNodeState":"active","ControlAvailable":true,"Error":"","RemoteManagers":[{"NodeID":"m1","Addr":"10.77.2.11:2377"}],"Nodes":3,"Managers":1,"Cluster":{"ID":"c1","Spec":{"Name":"default","Labels":{},"Orchestration":{"TaskHistoryRetentionLimit":3},"Dispatcher":{"HeartbeatPeriod":5000000000},"CAConfig":{"NodeCertExpiry":7776000000000000}}}}';
const outside =
  '{"NodeID":"","NodeAddr":"","LocalNodeState":"inactive","ControlAvailable":false,"Error":"","RemoteManagers":null}';

const host = (name: string, address?: string): Host => ({
  name,
  address: '127.0.0.1',
  groups: [],
  forwarded: {},
  vars: {},
  ...(address ? { privateAddress: address } : {}),
});
const printed = (own: string, list: object[] = []) =>
  `${own}\n--- ports\nr1\na 10.0.0.1\n--- overlay\n--- nodes\n${JSON.stringify(list)}\n--- tokens\nM\nW\n`;

t.test('the survey of a host, and the manager to work from', async (t) => {
  const facts = { addresses: ['10.0.0.1'] };
  const [a, b] = [host('a'), host('b')];
  const fresh = readSurvey(a, facts, printed(outside));
  t.match(fresh, {
    address: '10.0.0.1',
    ports: ['a 10.0.0.1'],
    overlay: [],
    tokens: { manager: 'M', worker: 'W' },
  });
  t.match(readSurvey(a, facts, ''), { swarm: { LocalNodeState: 'inactive' }, nodes: [] }, 'no Docker yet');
  const has = readSurvey(b, facts, printed(manager, [{ ID: 'm1' }]));
  t.equal(leading([fresh], [a])?.host, a, 'no manager has a swarm');
  t.equal(leading([fresh, has], [a, b])?.host, b, 'the second manager has it');
  t.equal(leading([], [a]), undefined, 'no manager is reached');
  t.throws(() => leading([fresh], [a, b]), /b may have one.*would split/, 'b is not reached');
});

t.test('the address at which other nodes reach a host', async (t) => {
  const at = (addresses: string[], own?: string) => addressOf(host('a', own), { addresses });
  t.equal(at(['10.0.0.1', '10.0.2.15'], '10.0.0.1'), '10.0.0.1');
  t.equal(at(['10.0.2.15', '172.17.0.1', 'fd00::1']), '10.0.2.15', 'the bridge of Docker is ignored');
  t.throws(() => at(['10.0.0.1', '10.0.2.15']), /cannot be determined.*10\.0\.0\.1, 10\.0\.2\.15/);
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
