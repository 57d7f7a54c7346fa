import t from 'tap';
import {
  type Context,
  explain,
  failure,
  type Host,
  type RoleCall,
  type Script,
  secret,
} from '../../provision/index.ts';
import { partsOf } from './image.ts';
import approach4 from './index.ts';
import type { Environment } from './rollout.ts';

type Work = Context<'control-plane' | 'workers', Environment>;

const home: Host = { name: 'cp', address: '127.0.0.1', groups: ['control-plane'], forwarded: {}, vars: {} };
const image = (digit: string) => `registry.internal:5000/theapp@sha256:${digit.repeat(64)}`;

/** What a cluster answers about one environment. */
interface Answers {
  readonly image: string;
  /** The image that Helm has recorded. */
  readonly recorded?: string;
  /** The status and the description of each revision. */
  readonly revisions: readonly (readonly [status: string, description: string])[];
}
type Cluster = Readonly<Record<Environment, Answers>>;

const running = (version: string, digit: string): Answers => ({
  image: image(digit),
  revisions: [
    ['superseded', 'v0'],
    ['deployed', version],
  ],
});
const nothing: Answers = { image: '', revisions: [] };
const FAILED = 'Upgrade "theapp" failed: it was not ready';

/** The answer to a script of the approach, which names the namespace and what it wants to know. */
function answer(cluster: Cluster, { text }: Script): string {
  const of = cluster[text.includes('=staging') ? 'staging' : 'production'];
  if (text.includes('get deployment')) return of.image;
  if (text.includes('get secret')) return of.image === '' ? '' : 'secret/theapp-secrets';
  if (text.includes('get values')) return JSON.stringify({ image: partsOf(of.recorded ?? of.image) });
  return JSON.stringify(
    of.revisions.map(([status, description], i) => ({ revision: i + 1, status, description })),
  );
}

/** Runs an action of the approach with a cluster that answers, and lists what it has done, in order. */
async function done(
  action: (context: Work) => Promise<void> | undefined,
  cluster: Cluster,
  given: Partial<Work> = {},
): Promise<string[]> {
  const lines: string[] = [];
  const context: Work = {
    hosts: { all: [home], 'control-plane': [home], workers: [] },
    environments: ['production'],
    apply: async (_to, ...calls) => void lines.push(...calls.map(applied)),
    remaining: (of) => of,
    read: async (_host, script, predicted) => {
      return script.text.includes('curl') ? `${predicted}` : answer(cluster, script);
    },
    facts: () => Promise.reject(new Error('no facts are needed')),
    variables: (_host, call) => call.resolve([]).vars,
    warn: (message) => void lines.push(message),
    say: (message) => void lines.push(message),
    confirm: async (question) => void lines.push(question),
    verify: async (environment) => void lines.push(`verify ${environment}`),
    secret: () => secret('x'),
    secrets: async <N extends string>(_environment: string, names: readonly N[]) =>
      Object.fromEntries(names.map((name) => [name, secret('x')])) as never,
    artefact: async () => ({ version: 'v2', file: '/release', sha256: '0'.repeat(64), bytes: 0 }),
    ...given,
  };
  try {
    await action(context);
  } catch (error) {
    lines.push(explain(error));
  }
  return lines;
}

/** A call of a role in words. */
function applied(call: RoleCall): string {
  const { environment, app_image, version, revision } = call.resolve([]).vars;
  if (call.role !== 'theapp') return `apply ${call.role}`;
  return revision === null
    ? `apply ${version} ${partsOf(`${app_image}`).digest.at(-1)} in ${environment}`
    : `back to ${revision} in ${environment}`;
}

const promote = (context: Work) => approach4.promote?.({ ...context, from: 'staging', to: 'production' });
const old = running('v1', '1');

t.test('a promotion puts exactly what runs in staging into production', async (t) => {
  t.strictSame(await done(promote, { staging: running('v3', '3'), production: old }), [
    'staging runs v3 (sha256:333333333333)',
    'production runs v1 (sha256:111111111111)',
    'verify staging',
    'promote v3 to production?',
    'apply v3 3 in production',
  ]);
  const first = await done(promote, { staging: running('v3', '3'), production: nothing });
  t.strictSame([first[1], first.at(-1)], ['production runs no release', 'apply v3 3 in production']);
});

t.test('a promotion that is refused or changes nothing', async (t) => {
  const rolledBack = (version: string): Answers => ({
    image: image('2'),
    revisions: [
      ['superseded', version],
      ['failed', FAILED],
      ['deployed', 'Rollback to 1'],
    ],
  });
  const table: [words: string, staging: Answers, production: Answers, last: RegExp][] = [
    ['equal', old, old, /^nothing to promote: production already runs this release$/],
    [
      'no release',
      nothing,
      old,
      /^staging: nothing was promoted: no release runs there\n {2}→ npm run deploy/,
    ],
    [
      'changed by hand',
      { ...running('v3', '3'), recorded: image('2') },
      old,
      /^staging: nothing was promoted: somebody has changed the image .*\n {2}→ npm run deploy -- approach_4 staging/,
    ],
    [
      'the update failed',
      rolledBack('v1'),
      old,
      /^staging: nothing was promoted: its last update failed\n {4}Upgrade "theapp" failed: it was not ready\n {2}→ deploy a release that works: npm run deploy/,
    ],
    [
      'it failed, but what runs is the release of this checkout',
      rolledBack('v2'),
      old,
      /^apply v2 2 in production$/,
    ],
    [
      'equal, but the last update of production failed',
      running('v3', '2'),
      { ...rolledBack('v3') },
      /^apply v3 2 in production$/,
    ],
  ];
  for (const [words, staging, production, last] of table) {
    const lines = await done(promote, { staging, production });
    t.match(lines.at(-1), last, words);
    t.equal(lines.includes('verify staging'), /^apply/.test(last.source.slice(1)), words);
  }
  const sick = { place: 'http://x', what: 'expected status 200', why: 'found 503', todo: 'see the logs' };
  const verify = () => Promise.reject(failure(sick));
  const ill = await done(promote, { staging: running('v3', '3'), production: old }, { verify });
  t.match(
    ill.at(-1),
    /^staging: nothing was promoted: http:\/\/x: expected status 200: found 503\n {2}→ .*see the logs/,
  );
  const confirm = () => Promise.reject(failure({ what: 'cancelled' }));
  const no = await done(promote, { staging: running('v3', '3'), production: old }, { confirm });
  t.equal(no.at(-1), 'cancelled');
});

t.test('a deployment, which production confirms', async (t) => {
  const deploy = (context: Work) => approach4.deploy?.(context);
  const cluster = { staging: running('v1', '1'), production: old };
  t.strictSame(await done(deploy, cluster, { environments: ['staging'] }), [
    'staging runs v1 (sha256:111111111111)',
    'apply image',
    'apply v2 0 in staging',
    'apply retention',
  ]);
  t.strictSame(await done(deploy, cluster), [
    'production runs v1 (sha256:111111111111)',
    'deploy v2 to production without promoting it from staging?',
    'apply image',
    'apply v2 0 in production',
    'apply retention',
  ]);
  const bare = { ...cluster, production: { image: 'no cluster', revisions: [] } };
  t.match(
    (await done(deploy, bare)).at(-1),
    /^cp: this machine has no cluster yet\n {2}→ .*npm run provision/,
  );
});

t.test('passwords that MariaDB keeps are not generated where it already runs', async (t) => {
  const deploy = (context: Work) => approach4.deploy?.(context);
  const without =
    (...missing: string[]): Work['secrets'] =>
    async (_environment, names, beforeGenerating) => {
      await beforeGenerating?.(names.filter((name) => missing.includes(name)));
      return Object.fromEntries(names.map((name) => [name, secret('x')])) as never;
    };
  const table: [words: string, missing: string[], production: Answers, last: RegExp][] = [
    [
      'all secrets are missing',
      ['mysql_root', 'mysql_replication', 'mysql', 'redis', 'checksum'],
      old,
      /^production: no new mysql_root and mysql_replication can be generated: MariaDB already runs .*\n {2}→ get secrets\/production\.age and its key/,
    ],
    [
      'one of them is missing',
      ['mysql_root'],
      old,
      /^production: no new mysql_root can .* keeps the password of/,
    ],
    [
      'the first run',
      ['mysql_root', 'mysql_replication', 'mysql', 'redis', 'checksum'],
      nothing,
      /^apply v2 0/,
    ],
    ['passwords that are taken over', ['mysql', 'redis', 'checksum'], old, /^apply v2 0/],
  ];
  for (const [words, missing, production, last] of table) {
    const lines = await done(deploy, { staging: old, production }, { secrets: without(...missing) });
    t.match(lines.filter((line) => line !== 'apply retention').at(-1), last, words);
  }
});

t.test('a rollback', async (t) => {
  const rollback = (context: Work) => approach4.rollback?.(context);
  t.strictSame(await done(rollback, { staging: old, production: old }), ['back to 1 in production']);
  const only: Answers = { image: image('1'), revisions: [['deployed', 'v1']] };
  t.match(
    (await done(rollback, { staging: old, production: only })).at(-1),
    /production: there is no previous release/,
  );
  const table: [production: Answers, last: RegExp][] = [
    [
      nothing,
      /^production: nothing was rolled back: no release runs there\n {2}→ npm run deploy -- approach_4 production$/,
    ],
    [{ image: 'no cluster', revisions: [] }, /^cp: this machine has no cluster yet\n/],
  ];
  for (const [production, last] of table) t.match(await done(rollback, { staging: old, production }), [last]);
});
