import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import type { ComposeState, Resource } from '../../provision/authoring.ts';
import { type Facts, secret } from '../../provision/index.ts';
import {
  type ComposeHost,
  composeOutput,
  debian,
  vm as host,
  localShell,
  title,
} from '../../provision/testing.ts';
import { compose } from './index.ts';
import { overrideOf, overrideText, previousVersion, switchOf } from './slots.ts';

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

const override = overrideOf('theapp');
/** With the file that switches nginx to slot b. */
const liveB = { [switchOf('theapp')]: '' };

/** A host on which everything is as it should be. Slot a serves release 2. */
const healthy: ComposeHost = {
  project: 'theapp',
  containers: {
    'app-a': 'c5 running healthy h-app-a theapp:2 i-2 2026-11-21T15:00:00.5Z',
    'app-b': 'c6 exited unhealthy h-old theapp:1 i-1 2026-11-21T14:00:00Z',
  },
  images: { 'theapp:2': 'i-2' },
  asked: ['theapp:2'],
  written: {},
  texts: { [override]: overrideText({ live: 'a', a: 'theapp:2', b: 'theapp:1' }) },
  broken: false,
};

/** The summaries of one resource's changes on a host where the probe prints this. */
function planned(kind: string, stdout: string): string[] {
  const one = resources().find((resource) => resource.kind === kind) as Resource<ComposeState> | undefined;
  if (!one || !('batch' in one.probe)) throw new Error(`no ${kind} with a batch`);
  const [state] = one.probe.batch.read({ code: 0, stdout, stderr: '' }, [one.probe.arg]);
  return one.plan(state as ComposeState).map(({ summary }) => summary);
}

const without = (words: Readonly<Record<string, string>>, name: string) =>
  Object.fromEntries(Object.entries(words).filter(([key]) => key !== name));
const container = (name: string, words: string): ComposeHost => ({
  ...healthy,
  containers: { ...healthy.containers, [name]: words },
});

t.test('compose.release switches when the live slot differs', async (t) => {
  const app = (words: string) => container('app-a', words);
  const at = '2026-11-21T15:00:00.5Z';
  const table: [string, ComposeHost, string[]][] = [
    ['nothing to do', healthy, []],
    ['just restarted', app(`c running starting h-app-a theapp:2 i-2 ${at}`), []],
    [
      'a different release',
      app(`c running healthy h-app-a theapp:1 i-1 ${at}`),
      ['switch to theapp:2 from theapp:1 (slot b)'],
    ],
    [
      'a different configuration',
      app(`c running healthy x theapp:2 i-2 ${at}`),
      ['switch to a new container of theapp:2: its configuration has changed (slot b)'],
    ],
    [
      'unhealthy',
      app(`c running unhealthy h-app-a theapp:2 i-2 ${at}`),
      ['switch to a new container of theapp:2: the current one is unhealthy (slot b)'],
    ],
    [
      'exited',
      app(`c exited unhealthy h-app-a theapp:2 i-2 ${at}`),
      ['switch to a new container of theapp:2: the status of the current one is exited (slot b)'],
    ],
    [
      'no container, but the previous release is there',
      { ...healthy, containers: without(healthy.containers, 'app-a') },
      ['start theapp:2 (slot a)'],
    ],
    [
      'slot b serves',
      { ...healthy, texts: { ...healthy.texts, ...liveB } },
      ['switch to theapp:2 from theapp:1 (slot a)'],
    ],
    [
      'a switch that was interrupted at its end',
      container('app-b', `c running healthy h-app-b theapp:1 i-1 ${at}`),
      ['stop app-b, which no longer serves'],
    ],
  ];
  for (const [what, one, expected] of table)
    t.strictSame(planned('compose.release', composeOutput(one)), expected, what);
  t.strictSame(planned('compose.release', ''), ['start theapp:2 (slot a)']);
});

t.test('compose.slots: compose.override.yml matches the containers', async (t) => {
  const edited = (text: string) => composeOutput({ ...healthy, texts: { [override]: text } });
  t.strictSame(planned('compose.slots', composeOutput(healthy)), []);
  t.strictSame(planned('compose.slots', edited('x')), ['correct']);
  t.strictSame(planned('compose.slots', composeOutput({ ...healthy, texts: {} })), ['write']);
  t.strictSame(planned('compose.slots', ''), [], 'no containers yet');
  t.match(
    overrideText({ live: 'b', a: 'theapp:1', b: undefined }),
    /app-a:\n {4}image: theapp:1\n {4}profiles/,
  );
});

t.test('only files in secrets/ contain passwords, and their readers own them', async (t) => {
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
    [{ app_memory: '1 GB' }, /compose\.app_memory: expected a number followed by m or g, such as 512m/],
    [{ version: 'a:b' }, /compose\.version/],
    [{ vhosts: { 'a.example.org': 'nothing' as 'todos' } }, /compose\.vhosts/],
  ];
  for (const [more, expected] of table) t.throws(() => compose({ ...given, ...more }).resolve([]), expected);
});

t.test('the previous release is the one in the other slot', async (t) => {
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
  t.equal(await ask({ live: 'a', a: 'theapp:2', b: undefined }), '', 'no previous release');
});
