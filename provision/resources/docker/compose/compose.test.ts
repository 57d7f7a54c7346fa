import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Resource } from '../../../language/resource.ts';
import { type ComposeHost, composeOutput, dockerShell } from '../../../testing/docker.ts';
import { stateOf } from '../../../testing/resources.ts';
import { becomeRoot } from '../../../testing/root.ts';
import { images } from './images.ts';
import { type ComposeState, composeProject } from './project.ts';
import { down } from './removal.ts';
import { up } from './services.ts';

const skip = becomeRoot();

const project = { project: 'shop', folder: '/opt/shop' };
const services = {
  mariadb: { image: 'mariadb:11.8', files: [] },
  redis: { image: 'redis:8', files: ['/opt/shop/secrets/redis.conf'] },
  nginx: { image: 'nginx:1.28', files: [] },
};
const running = up({ ...project, services, seconds: 60 });
const pulled = images({ ...project, services, hint: 'use a mirror' });

/** A host on which everything is as it should be. */
const healthy: ComposeHost = {
  project: 'shop',
  containers: {
    mariadb: 'c1 running healthy h-mariadb mariadb:11.8 i-mariadb 2026-11-21T15:00:00.5Z',
    redis: 'c2 running healthy h-redis redis:8 i-redis 2026-11-21T15:00:00.5Z',
    nginx: 'c3 running healthy h-nginx nginx:1.28 i-nginx 2026-11-21T15:00:00.5Z',
    other: 'c4 exited unhealthy h-old other:1 i-1 2026-11-21T14:00:00Z',
  },
  images: { 'mariadb:11.8': 'i-mariadb', 'redis:8': 'i-redis', 'nginx:1.28': 'i-nginx' },
  asked: ['mariadb:11.8', 'redis:8', 'nginx:1.28'],
  written: { '/opt/shop/secrets/redis.conf': '1795000000.1' },
  texts: {},
  broken: false,
};

function planned({ probe, plan }: Resource<ComposeState>, stdout: string): string[] {
  if (!('batch' in probe)) throw new Error('the probe belongs to no batch');
  const [state] = probe.batch.read({ code: 0, stdout, stderr: '' }, [probe.arg]);
  return plan(state as ComposeState).map(({ summary }) => summary);
}

const without = (words: Readonly<Record<string, string>>, name: string) =>
  Object.fromEntries(Object.entries(words).filter(([key]) => key !== name));

/** The same host, with one thing about Redis changed. */
function redis(more: { hash?: string; id?: string; health?: string; status?: string }): ComposeHost {
  const { hash = 'h-redis', id = 'i-redis', health = 'healthy', status = 'running' } = more;
  const words = `c ${status} ${health} ${hash} redis:8 ${id} 2026-11-21T15:00:00.5Z`;
  return { ...healthy, containers: { ...healthy.containers, redis: words } };
}

t.test('docker.compose.up reports what it would recreate or restart, and why', async (t) => {
  const table: [string, ComposeHost, string[]][] = [
    ['nothing to do', healthy, []],
    ['still starting', redis({ health: 'starting' }), []],
    ['no container', { ...healthy, containers: without(healthy.containers, 'redis') }, ['create redis']],
    ['different options', redis({ hash: 'x' }), ['recreate redis: its configuration has changed']],
    ['a different image', redis({ id: 'x' }), ['recreate redis: its image has changed']],
    [
      'a newer file',
      { ...healthy, written: { '/opt/shop/secrets/redis.conf': '1795999999.5' } },
      ['recreate redis: redis.conf has changed'],
    ],
    ['exited', redis({ status: 'exited' }), ['start redis (status: exited)']],
    ['unhealthy', redis({ health: 'unhealthy' }), ['restart redis: it is unhealthy']],
    [
      'two services',
      {
        ...healthy,
        written: {},
        containers: without(redis({ hash: 'x' }).containers, 'nginx'),
      },
      ['recreate redis: its configuration has changed; create nginx'],
    ],
    ['invalid files', { ...healthy, broken: true }, ['fail: Compose rejects the project’s files']],
  ];
  for (const [what, host, expected] of table)
    t.strictSame(planned(running, composeOutput(host)), expected, what);
  t.strictSame(planned(running, ''), ['create mariadb; create redis; create nginx'], 'no project yet');
});

t.test('docker.compose.images pulls only what is missing', async (t) => {
  t.strictSame(planned(pulled, composeOutput(healthy)), []);
  const two = { ...healthy, images: without(without(healthy.images, 'redis:8'), 'nginx:1.28') };
  t.strictSame(planned(pulled, composeOutput(two)), ['pull redis:8', 'pull nginx:1.28']);
  const [change] = pulled.plan({
    containers: new Map(),
    hashes: new Map(),
    broken: false,
    images: new Map(),
    written: new Map(),
    texts: new Map(),
  });
  t.match(change?.script.text, "'this host cannot pull mariadb:11.8: use a mirror'");
});

t.test('docker.compose.down keeps the volumes unless told otherwise', async (t) => {
  const all = ['container shop-nginx-1', 'network shop_back', 'volume shop_mariadb'];
  const summary = (volumes: boolean, found: string[]) =>
    down('shop', { volumes })
      .plan(found)
      .map((change) => change.summary)
      .join();
  t.equal(summary(false, all), 'remove container shop-nginx-1, network shop_back');
  t.equal(summary(true, all), 'remove container shop-nginx-1, network shop_back, volume shop_mariadb');
  t.equal(summary(false, ['volume shop_mariadb']), '');
});

t.test('the probe of a project', { skip }, async (t) => {
  const folder = t.testdir({
    'compose.yml': '',
    empty: '',
    'like a section': '= hashes\n\n@shop\nno newline',
  });
  writeFileSync(join(folder, 'file'), 'x');
  const at = (name: string) => join(folder, name);
  const shell = dockerShell({
    'ps --all': 'c1\n',
    'inspect --format': `${healthy.containers.redis?.replace(/^/, 'redis ')}\n`,
    'compose config --hash': 'redis h-redis\n',
    'image inspect': 'i-redis\n',
  });
  t.teardown(() => shell.close());
  const question = { project: 'shop', folder, images: ['redis:8'], files: [at('file'), at('none')] };
  const texts = [at('empty'), at('like a section'), at('none')];
  const resource: Resource<ComposeState> = {
    kind: 'x',
    name: 'x',
    probe: composeProject({ ...question, texts }),
    plan: () => [],
  };
  const state = await stateOf(resource, shell);
  t.match(state.containers.get('redis'), { status: 'running', image: 'redis:8', started: 1795273200.5 });
  t.strictSame(state.hashes, new Map([['redis', 'h-redis']]));
  t.strictSame(state.images, new Map([['redis:8', 'i-redis']]));
  t.strictSame([...state.written.keys()], [at('file')]);
  t.strictSame(
    state.texts,
    new Map([
      [at('empty'), ''],
      [at('like a section'), '= hashes\n\n@shop\nno newline'],
    ]),
  );
  const absent = { ...resource, probe: composeProject({ ...question, folder: at('absent') }) };
  t.equal((await stateOf(absent, shell)).hashes.size, 0, 'no project yet');
});
