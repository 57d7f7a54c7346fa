import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import type { Facts, Host } from '../../../provision/index.ts';
import { debian, title, vm } from '../../../provision/testing.ts';
import { theapp } from './index.ts';
import { vars } from './vars.ts';

const folder = import.meta.dirname;
const host: Host = { ...vm, groups: [] };
const facts: Facts = { ...debian, memory: 1400, addresses: [] };
type Given = Parameters<typeof theapp>[0];
const passwords = {
  mysql_root_password: 'the-root-password',
  mysql_replication_password: 'the-replication-password',
  mysql_password: 'the-mysql-password',
  redis_password: 'the-redis-password',
};
const resources = (given: Given = {}, more: Partial<Facts> = {}) =>
  theapp({ app_image: 'registry:5000/theapp@sha256:abc', ...passwords, ...given })
    .resolve([])
    .resources({ ...facts, ...more }, host);

/** The stack file that is written on a manager. */
function stack(given: Given = {}, more: Partial<Facts> = {}) {
  const file = resources(given, more).find((one) => title(one) === 'file /opt/stacks/theapp/stack.yml');
  return file?.plan({ kind: 'absent' })[0]?.diff?.after ?? '';
}

t.test('defaults.yml and the schema have the same keys', async (t) => {
  const text = readFileSync(join(folder, 'defaults.yml'), 'utf8');
  t.strictSame(Object.keys(parse(text)).sort(), Object.keys(vars.shape).sort());
});

t.test('the stack', async (t) => {
  const text = stack();
  t.notMatch(text, /the-\w+-password/, 'it contains no password');
  const { services, networks } = parse(text);
  for (const [name, service] of Object.entries(services) as [string, Service][]) {
    t.match(service, { read_only: true, cap_drop: ['ALL'], init: true }, `${name}: hardened`);
    t.ok(service.deploy.resources?.limits?.memory, `${name}: has a memory limit`);
    for (const { mode } of service.ports ?? [])
      t.equal(mode, 'host', `${name}: its port needs no routing mesh`);
    if (service.deploy.mode === 'replicated-job') continue;
    t.ok(service.healthcheck, `${name}: has a health check`);
    t.equal(service.deploy.endpoint_mode, 'dnsrr', `${name}: DNS returns the addresses of its tasks`);
  }
  t.match(networks, {
    front: { internal: true },
    back: { internal: true, driver_opts: { encrypted: 'true' } },
  });
  t.strictSame(parse(stack({ encrypted: false })).networks.back, { internal: true }, 'not encrypted');
  t.match(services.app.deploy.update_config, { order: 'start-first', failure_action: 'rollback' });
  t.equal(services.app.image, 'registry:5000/theapp@sha256:abc');
  t.notOk(services.autoscaler);
  t.ok(parse(stack({ autoscale: true, autoscaler_program: '//' })).services.autoscaler);
  t.throws(() => stack({ autoscale: true }), /theapp\.autoscale requires it/);
});

t.test('emulated hosts have fewer health checks', async (t) => {
  const table: [Given, Partial<Facts>, string][] = [
    [{}, {}, '10s'],
    [{}, { emulated: true }, '60s'],
    [{ health_seconds: 5 }, { emulated: true }, '5s'],
  ];
  for (const [given, more, expected] of table) {
    const { services } = parse(stack(given, more));
    const all = Object.values(services) as Service[];
    const intervals = all.flatMap(({ healthcheck }) => healthcheck?.interval ?? []);
    t.ok(intervals.length >= 3, `${intervals.length} services say how they are`);
    t.strictSame(new Set(intervals), new Set([expected]));
  }
});

interface Service {
  readonly healthcheck?: { readonly interval: string };
  readonly ports?: readonly { readonly mode?: string }[];
  readonly deploy: {
    readonly mode?: string;
    readonly endpoint_mode?: string;
    readonly resources?: { readonly limits?: { readonly memory?: string } };
  };
}

t.test('the order of deployment: data, accounts, schema, application', async (t) => {
  const order = resources()
    .map(title)
    .filter((words) => words.startsWith('docker.stack.deploy'));
  t.match(order.splice(0, 6).join(), /redis-1,.*redis-2,.*redis-3,.*sentinel-1/);
  const afterData = [/first \d+ services$/, /: accounts-open$/, /: migrate$/, /: app$/, /: accounts-close$/];
  t.match(order, [...afterData, /^docker\.stack\.deploy theapp$/]);
});

t.test('a new password only changes the services that use it', async (t) => {
  const of = (given: Given) => {
    const { services } = parse(stack(given));
    return (name: string) => services[name].deploy.labels['provision.definition'];
  };
  const [before, after] = [of({}), of({ mysql_password: 'another' })];
  const changed = Object.keys(parse(stack()).services).filter((name) => before(name) !== after(name));
  t.strictSame(changed.sort(), ['accounts-close', 'accounts-open', 'app', 'migrate']);
});
