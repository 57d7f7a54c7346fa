import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import t from 'tap';
import { parse } from 'yaml';
import type { z } from 'zod';
import { readConfig } from '../app/src/config.ts';
import { services } from '../app/src/http/endpoint.ts';
import type { Resource } from '../provision/authoring.ts';
import { type Facts, type RoleCall, secret } from '../provision/index.ts';
import { debian, vm as host, title } from '../provision/testing.ts';
import { app } from './app/index.ts';
import { current, pruned } from './app/releases.ts';
import { start } from './app/start.ts';
import { common } from './common/index.ts';
import { mariadb } from './mariadb/index.ts';
import { memcached } from './memcached/index.ts';
import { nginx } from './nginx/index.ts';
import { nodejs } from './nodejs/index.ts';
import { redis } from './redis/index.ts';

const FOLDER = import.meta.dirname;
const names = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

t.test('defaults.yml and the schema have the same keys', async (t) => {
  for (const name of names) {
    const { vars } = (await import(join(FOLDER, name, 'vars.ts'))) as { vars: z.ZodObject };
    const text = readFileSync(join(FOLDER, name, 'defaults.yml'), 'utf8');
    t.strictSame(Object.keys(parse(text)).sort(), Object.keys(vars.shape).sort(), name);
    const uncommented = text
      .split('\n')
      .filter((line, i, all) => /^\w/.test(line) && !/^(#|\w)/.test(all[i - 1] ?? ''));
    t.strictSame(uncommented, [], `${name}: every variable follows a comment`);
  }
});

const ubuntu: Facts = {
  ...debian,
  distribution: 'ubuntu',
  version: '24.04',
  codename: 'noble',
  memory: 3900,
};

const artefact = { version: '24.0.0', file: '/x.tgz', sha256: 'a'.repeat(64), bytes: 1 };
const hidden = secret('the-password');

const resources = (call: RoleCall, facts = debian) => call.resolve([]).resources(facts, host);
const titles = (call: RoleCall, facts = debian) => resources(call, facts).map(title);

t.test('resources of the roles, on Debian and on Ubuntu', async (t) => {
  const table: [string, RoleCall, Facts, RegExp][] = [
    [
      'mariadb',
      mariadb({ password: hidden }),
      debian,
      /apt\.packages mariadb-server.*mariadb\.conf\.d\/90-provision.*service mariadb/s,
    ],
    [
      'mysql',
      mariadb({ password: hidden, flavour: 'mysql' }),
      ubuntu,
      /apt\.packages mysql-server.*mysql\.conf\.d\/zz-provision.*service mysql/s,
    ],
    [
      'Node.js from npm',
      nodejs({ runtime: artefact }),
      debian,
      /archive \/opt\/node\/24\.0\.0\nsymlink \/opt\/node\/current\n/,
    ],
    [
      'Node.js from the distribution',
      nodejs({ source: 'distro' }),
      ubuntu,
      /apt\.packages nodejs\nsymlink \/opt\/node\/current/,
    ],
    ['kernel settings', common(), debian, /^sysctl net\.core\.somaxconn .*vm\.swappiness$/m],
    [
      'kernel settings in a container',
      common(),
      { ...debian, kernelSettings: 'network' },
      /^sysctl net\.core\.somaxconn net\.ipv4\.tcp_keepalive_time$/m,
    ],
    ['no unattended upgrades', common({ unattended_upgrades: false }), debian, /^(?![\s\S]*unattended)/],
    [
      'a release',
      app({ release: artefact, mysql_password: hidden }),
      debian,
      /archive \/opt\/theapp\/releases\/24\.0\.0.*release theapp/s,
    ],
    [
      'a rollback',
      app({ version: '23.0.0', mysql_password: hidden }),
      debian,
      /^(?![\s\S]*archive)[\s\S]*release theapp/,
    ],
    ['no TLS', nginx(), debian, /^(?![\s\S]*tls)[\s\S]*theapp\.conf/],
    ['a self-signed certificate', nginx({ tls: 'self_signed' }), ubuntu, /command certificate for localhost/],
    ['redis', redis({ password: hidden }), debian, /include \/etc\/redis\/theapp\.conf/],
    ['memcached', memcached(), debian, /memcached\.conf/],
  ];
  for (const [what, call, facts, wanted] of table) t.match(titles(call, facts).join('\n'), wanted, what);
  t.throws(() => titles(nodejs()), /nodejs\.runtime: missing/);
  t.throws(() => titles(app({ mysql_password: hidden })), /neither release nor version is set/);
  t.throws(() => titles(nginx({ tls: 'files' })), /nginx\.certificate_file: missing/);
});

/** The script of a resource's first change in a given state. */
const script = (all: readonly Resource[], name: string, state: unknown) =>
  all.find((one) => title(one) === name)?.plan(state)[0]?.script;

t.test('a password in a template is a secret', async (t) => {
  const all = resources(redis({ password: hidden }));
  const made = script(all, 'file /etc/redis/theapp.conf', { kind: 'absent' });
  t.match(made?.text, /requirepass the-password/);
  t.ok(
    made?.secrets.some((value) => value.includes('the-password')),
    'so it is redacted in all output',
  );
});

/** The content of a file that the role would write on a fresh host. */
const written = (call: RoleCall, name: string) =>
  resources(call)
    .find((one) => title(one) === name)
    ?.plan({ kind: 'absent' })
    .map(({ diff }) => diff?.after)
    .join() ?? '';

t.test('TheAPP accepts the environment that the role writes', async (t) => {
  const release = { release: artefact, mysql_password: hidden };
  const read = (given: Parameters<typeof app>[0]) =>
    readConfig({
      ...parseEnv(written(app({ ...release, ...given }), 'file /etc/theapp/theapp.env')),
      MYSQL_PASS: 'x',
    });
  const plain = {
    MYSQL_REPLICA_HOST: undefined,
    REDIS_HOST: '127.0.0.1',
    REDIS_SENTINELS: undefined,
    REDIS_WAIT_REPLICAS: 0,
    MEMCACHED_SERVERS: [{ host: '127.0.0.1', port: 11211 }],
    VHOSTS: undefined,
  };
  t.match(read({}), plain);
  const table: [Parameters<typeof app>[0], object][] = [
    [
      { listen: '::1', port: 3001, drain_seconds: 0 },
      { HOST: '::1', PORT: 3001, DRAIN_SECONDS: 0 },
    ],
    [
      { mysql_replica_host: 'db2', mysql_replica_port: 3307 },
      { MYSQL_REPLICA_HOST: 'db2', MYSQL_REPLICA_PORT: 3307 },
    ],
    [
      { redis_host: '::1', redis_port: 6380 },
      { REDIS_HOST: '::1', REDIS_PORT: 6380 },
    ],
    [
      { redis_sentinels: ['[::1]:26379', 's2:26379'], redis_sentinel_name: 'mine', redis_wait_replicas: 1 },
      {
        REDIS_SENTINELS: [
          { host: '::1', port: 26379 },
          { host: 's2', port: 26379 },
        ],
        REDIS_SENTINEL_NAME: 'mine',
        REDIS_WAIT_REPLICAS: 1,
      },
    ],
    [
      { memcached_servers: ['a:1', 'b:2'] },
      {
        MEMCACHED_SERVERS: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
    ],
    [
      { vhosts: Object.fromEntries(services.map((service) => [`${service}.example.org`, service])) },
      { VHOSTS: services.map((service) => ({ name: `${service}.example.org`, service })) },
    ],
  ];
  for (const [given, wanted] of table) t.match(read(given), wanted, JSON.stringify(given));
});

t.test('TheAPP gets its secrets as credentials, and only those that are set', async (t) => {
  const unit = (given: Parameters<typeof app>[0]) =>
    written(app({ release: artefact, mysql_password: hidden, ...given }), 'systemd.unit theapp.service');
  const credentials = (text: string) =>
    [...text.matchAll(/^LoadCredential=(\w+):/gm)].map(([, name]) => name);
  t.strictSame(credentials(unit({})), ['mysql_pass']);
  const all = unit({ redis_password: hidden, redis_sentinel_password: hidden });
  t.strictSame(credentials(all), ['mysql_pass', 'redis_pass', 'redis_sentinel_pass']);
  t.match(all, 'Environment=REDIS_PASS_FILE=/run/credentials/theapp.service/redis_pass\n');
  t.notMatch(all, 'the-password');
});

t.test('releases: plans', async (t) => {
  const begin = start('/opt/node/bin/node', '::1', 3000, 60);
  t.match(begin.script.text, /http:\/\/\[::1\]:3000\/readyz/);
  const release = current('2', begin);
  t.strictSame(release.plan('releases/2'), []);
  t.match(
    release.plan('').map(({ summary }) => summary),
    ['switch to 2'],
  );
  t.match(
    release.plan('releases/1').map(({ summary }) => summary),
    ['switch to 2 from 1'],
  );
  const summaries = (keep: number, others: string[]) =>
    pruned(keep)
      .plan(others)
      .map(({ summary }) => summary)
      .join();
  t.equal(summaries(3, []), '');
  t.equal(summaries(3, ['c']), '', 'current, previous and one more');
  t.equal(summaries(3, ['c', 'b', 'a']), 'remove b, a');
  t.equal(summaries(2, ['c']), 'remove c');
});
