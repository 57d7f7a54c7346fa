import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import type { Resource, Seen } from '../../provision/authoring.ts';
import { type Facts, secret } from '../../provision/index.ts';
import { debian, vm as host, localShell, title } from '../../provision/testing.ts';
import { down } from './down.ts';
import { compose } from './index.ts';
import type { Project } from './project.ts';
import { overrideText, previousVersion } from './slots.ts';

const stack = resolve(import.meta.dirname, '../../approaches/approach_1');
const passwords = {
  mysql_password: secret('mysql-word'),
  mysql_root_password: secret('root-word'),
  redis_password: secret('redis-word'),
};
const given = { stack, version: '2', ...passwords };
const facts: Facts = { ...debian, memory: 1476 };

const resources = (more: Parameters<typeof compose>[0] = {}): readonly Resource[] =>
  compose({ ...given, ...more })
    .resolve([])
    .resources(facts, host);
const kind = (name: string, all = resources()) => {
  const found = all.find((one) => one.kind === name);
  if (!found) throw new Error(`no ${name}`);
  return found as Resource<Project>;
};

/** A project as a host shows it: both slots, all as it should be; slot a serves release 2. */
const healthy = {
  containers: {
    mariadb: 'c1 running healthy h-mariadb mariadb:11.8 i-mariadb 2026-11-21T15:00:00.5Z',
    redis: 'c2 running healthy h-redis redis:8 i-redis 2026-11-21T15:00:00.5Z',
    memcached: 'c3 running healthy h-memcached memcached:1.6 i-memcached 2026-11-21T15:00:00.5Z',
    nginx: 'c4 running healthy h-nginx nginx:1.28 i-nginx 2026-11-21T15:00:00.5Z',
    'app-a': 'c5 running healthy h-app-a theapp:2 i-2 2026-11-21T15:00:00.5Z',
    'app-b': 'c6 exited unhealthy h-old theapp:1 i-1 2026-11-21T14:00:00Z',
  } as Record<string, string>,
  images: {
    'theapp:2': 'i-2',
    'mariadb:11.8': 'i-mariadb',
    'redis:8': 'i-redis',
    'memcached:1.6': 'i-memcached',
    'nginx:1.28': 'i-nginx',
  } as Record<string, string>,
  written: { redis: '1795000000.1' },
  live: 'a',
  override: overrideText({ live: 'a', a: 'theapp:2', b: 'theapp:1' }),
  broken: false,
};
type World = typeof healthy;

/** What the probe of all these resources prints of such a host. */
function printed({ containers, images, written, live, override, broken }: World): string {
  const hashes = Object.keys(containers).map((name) => `${name} h-${name}`);
  return [
    '= containers',
    ...Object.entries(containers).map(([name, words]) => `${name} ${words}`),
    '= hashes',
    ...(broken ? ['= broken'] : hashes),
    '= images',
    ...Object.values(images),
    '= missing',
    ...Object.keys(healthy.images).filter((name) => !(name in images)),
    '= written',
    `${written.redis} /opt/theapp/secrets/redis.conf`,
    '= live',
    live,
    '= override',
    override,
  ].join('\n');
}

/** The summaries of one resource's changes on a host that prints this. */
function planned(name: string, stdout: string, all = resources()): string[] {
  const one = kind(name, all);
  const mine = all.filter(({ probe }) => 'batch' in probe && probe.batch.name === 'compose');
  const args = mine.map(({ probe }) => ('arg' in probe ? probe.arg : undefined));
  const { probe } = kind(name, all);
  if (!('batch' in probe)) throw new Error(`${name} has a probe of its own`);
  const seen: Seen = { code: 0, stdout, stderr: '' };
  const state = probe.batch.read(seen, args)[mine.indexOf(one as Resource)] as Project;
  return one.plan(state).map(({ summary }) => summary);
}

const without = (words: Record<string, string>, name: string) =>
  Object.fromEntries(Object.entries(words).filter(([key]) => key !== name));
const container = (name: string, words: string): World => ({
  ...healthy,
  containers: { ...healthy.containers, [name]: words },
});
const running = (
  name: string,
  more: { hash?: string; id?: string; health?: string; status?: string } = {},
) => {
  const { hash = `h-${name}`, id = `i-${name}`, health = 'healthy', status = 'running' } = more;
  return container(name, `c ${status} ${health} ${hash} ${name}:8 ${id} 2026-11-21T15:00:00.5Z`);
};

t.test('compose.up says what would be recreated, and why', async (t) => {
  const table: [string, World, string[]][] = [
    ['all is well', healthy, []],
    ['still starting', running('redis', { health: 'starting' }), []],
    ['gone', { ...healthy, containers: without(healthy.containers, 'redis') }, ['create redis']],
    ['other options', running('redis', { hash: 'x' }), ['recreate redis: its configuration has changed']],
    ['another image', running('redis', { id: 'x' }), ['recreate redis: its image has changed']],
    [
      'a newer file',
      { ...healthy, written: { redis: '1795999999.5' } },
      ['recreate redis: redis.conf has changed'],
    ],
    ['ended', running('redis', { status: 'exited' }), ['start redis: it is exited']],
    ['hung', running('redis', { health: 'unhealthy' }), ['restart redis: it is unhealthy']],
    [
      'two',
      {
        ...running('redis', { hash: 'x' }),
        written: { redis: '0' },
        containers: without(running('redis', { hash: 'x' }).containers, 'nginx'),
      },
      ['recreate redis: its configuration has changed; create nginx'],
    ],
    ['the idle slot is none of its business', running('app-b', { status: 'dead' }), []],
    ['broken files', { ...healthy, broken: true }, ['refused: Compose does not take the project’s files']],
  ];
  for (const [what, world, wanted] of table)
    t.strictSame(planned('compose.up', printed(world)), wanted, what);
  t.strictSame(planned('compose.up', ''), ['create mariadb; create redis; create memcached; create nginx']);
});

t.test('compose.images: only what is missing is pulled', async (t) => {
  t.strictSame(planned('compose.images', printed(healthy)), []);
  const two = { ...healthy, images: without(without(healthy.images, 'redis:8'), 'nginx:1.28') };
  t.strictSame(planned('compose.images', printed(two)), ['pull redis:8', 'pull nginx:1.28']);
});

t.test('compose.release: when there is something to switch to', async (t) => {
  const app = (words: string) => container('app-a', words);
  const at = '2026-11-21T15:00:00.5Z';
  const table: [string, World, string[]][] = [
    ['all is well', healthy, []],
    ['just restarted', app(`c running starting h-app-a theapp:2 i-2 ${at}`), []],
    [
      'another release',
      app(`c running healthy h-app-a theapp:1 i-1 ${at}`),
      ['switch to theapp:2 from theapp:1 (slot b)'],
    ],
    [
      'another configuration',
      app(`c running healthy x theapp:2 i-2 ${at}`),
      ['switch to a new container of theapp:2: its configuration has changed (slot b)'],
    ],
    [
      'hung',
      app(`c running unhealthy h-app-a theapp:2 i-2 ${at}`),
      ['switch to a new container of theapp:2: it is unhealthy (slot b)'],
    ],
    [
      'ended',
      app(`c exited unhealthy h-app-a theapp:2 i-2 ${at}`),
      ['switch to a new container of theapp:2: it is exited (slot b)'],
    ],
    [
      'gone, the release before is there',
      { ...healthy, containers: without(healthy.containers, 'app-a') },
      ['start theapp:2 (slot a)'],
    ],
    ['slot b serves', { ...healthy, live: 'b' }, ['switch to theapp:2 from theapp:1 (slot a)']],
    [
      'a switch that was broken off at its end',
      container('app-b', `c running healthy h-app-b theapp:1 i-1 ${at}`),
      ['stop app-b, which no longer serves'],
    ],
  ];
  for (const [what, world, wanted] of table)
    t.strictSame(planned('compose.release', printed(world)), wanted, what);
  t.strictSame(planned('compose.release', ''), ['start theapp:2 (slot a)']);
});

t.test('compose.slots: the file says what the containers say', async (t) => {
  t.strictSame(planned('compose.slots', printed(healthy)), []);
  t.strictSame(planned('compose.slots', printed({ ...healthy, override: 'x' })), ['write as it is']);
  t.strictSame(planned('compose.slots', printed({ ...healthy, override: '' })), ['write']);
  t.strictSame(planned('compose.slots', ''), [], 'nothing of nothing');
  t.match(
    overrideText({ live: 'b', a: 'theapp:1', b: undefined }),
    /app-a:\n {4}image: theapp:1\n {4}profiles/,
  );
});

t.test('the whole role: passwords only in files of those who read them', async (t) => {
  const all = resources();
  const files = all.filter((one) => one.kind === 'file');
  t.ok(files.filter(({ name }) => name.includes('/secrets/')).length >= 3, 'there are secrets');
  for (const one of files) {
    const [change] = one.plan({ kind: 'absent' });
    const text = change?.script.text ?? '';
    const hidden = ['mysql-word', 'root-word', 'redis-word'].filter((word) => text.includes(word));
    t.equal(hidden.length > 0, one.name.includes('/secrets/'), one.name);
    if (hidden.length > 0) t.match(text, /chown -h (999:999|1000:1000) [\s\S]*chmod 00400/, one.name);
  }
  t.match(
    all.map(title).join('\n'),
    /compose\.up mariadb redis memcached nginx\ncompose\.release theapp:2\n/,
  );
});

t.test('input', async (t) => {
  const table: [Parameters<typeof compose>[0], RegExp][] = [
    [{ network: '172.30' }, /compose\.network: expected three numbers/],
    [{ network: '172.30.256' }, /compose\.network/],
    [{ app_memory: '1 GB' }, /compose\.app_memory: expected a number and m or g/],
    [{ version: 'a:b' }, /compose\.version/],
    [{ vhosts: { 'a.example.org': 'nothing' as 'todos' } }, /compose\.vhosts/],
  ];
  for (const [more, wanted] of table) t.throws(() => compose({ ...given, ...more }).resolve([]), wanted);
});

t.test('down: the volumes stay unless purged', async (t) => {
  const all = ['container theapp-nginx-1', 'network theapp_back', 'volume theapp_mariadb'];
  const summary = (purge: boolean, left: string[]) =>
    down('theapp', purge)
      .plan(left)
      .map((change) => change.summary)
      .join();
  t.equal(summary(false, all), 'remove container theapp-nginx-1, network theapp_back');
  t.equal(summary(true, all), 'remove container theapp-nginx-1, network theapp_back, volume theapp_mariadb');
  t.equal(summary(false, ['volume theapp_mariadb']), '');
});

t.test('which release was before the present one', async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const folder = t.testdir();
  const ask = async (slots: Parameters<typeof overrideText>[0]) => {
    writeFileSync(join(folder, 'compose.override.yml'), overrideText(slots));
    const { probes } = await shell.exchange({ steps: [], probes: [previousVersion(folder)] });
    return probes[0]?.stdout.trim();
  };
  t.equal(await ask({ live: 'a', a: 'theapp:2', b: 'theapp:1' }), '1');
  t.equal(await ask({ live: 'b', a: 'mine.example.org:5000/theapp:0.1.0-x', b: 'theapp:1' }), '0.1.0-x');
  t.equal(await ask({ live: 'a', a: 'theapp:2', b: undefined }), '', 'there is none');
});
