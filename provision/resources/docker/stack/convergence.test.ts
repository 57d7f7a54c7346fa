import t, { type Test } from 'tap';
import { dockerShell } from '../../../testing/docker.ts';
import { pending, stateOf } from '../../../testing/resources.ts';
import { becomeRoot } from '../../../testing/root.ts';
import { converged } from './convergence.ts';
import { stackDocument } from './document.ts';

const skip = becomeRoot();

const { services } = stackDocument(
  'stack.yml',
  'services: { app: { image: a, deploy: { replicas: 2 } }, job: { image: a, deploy: { mode: replicated-job } } }',
  { secrets: {}, configs: {} },
);
const [app, job] = services as [(typeof services)[0], (typeof services)[0]];

interface Recorded {
  /** The replicas of app and job, as `docker service ls` shows them. */
  readonly replicas?: readonly [string, string];
  readonly definition?: string;
  readonly update?: string;
  /** Tasks of app: definition, desired state, current state. */
  readonly tasks?: readonly (readonly [string, string, string])[];
  readonly jobTasks?: readonly (readonly [string, string])[];
}

/** Recorded from a manager with Docker 26. */
function manager({
  replicas: [ofApp, ofJob] = ['2/2', '0/1 (1/1 completed)'],
  definition = app.definition,
  update = '',
  tasks = [
    [app.task, 'running', 'running'],
    [app.task, 'running', 'running'],
  ],
  jobTasks = [['complete', 'complete']],
}: Recorded) {
  return dockerShell({
    info: 'true\n',
    'service ls --filter': `s|s_app|replicated|${ofApp}\ns|s_job|replicated job|${ofJob}\n`,
    'service ls --quiet': 'ia\nij\n',
    'service inspect': `u|ia|s_app|${definition}|${app.task}|${update}\nu|ij|s_job|${job.definition}|${job.task}|\n`,
    'stack ps': '1\n',
    'service ps': '1\n',
    'inspect --type task --format t|': [
      ...tasks.map(([task, wanted, state], i) => `t|ia|${task}|${wanted}|${state}|a${i}|`),
      ...jobTasks.map(([wanted, state], i) => `t|ij|${job.task}|${wanted}|${state}|j${i}|`),
      '',
    ].join('\n'),
    'inspect --type task': [
      `${app.task}|2026-11-21 15:00:01 +0000 UTC|a0|failed|task: non-zero exit (1)`,
      `${app.task}|2026-11-21 15:00:02 +0000 UTC|a1|failed|task: non-zero exit (7)`,
      'older|2026-11-21 15:00:03 +0000 UTC|a2|failed|of another release\n',
    ].join('\n'),
    'service logs --raw --tail 40 a1': 'the end of the log\n\n    at main.ts:1\n',
  });
}

async function statuses(t: Test, recorded: Recorded) {
  const shell = manager(recorded);
  t.teardown(() => shell.close());
  const state = await stateOf(converged('s', services, 10), shell);
  return state.map(({ name, verdict, words }) => `${name} ${verdict}: ${words}`);
}

t.test('the status of services', { skip }, async (t) => {
  const done = 'job done: 1/1 completed';
  const [up, starting] = [
    [app.task, 'running', 'running'] as const,
    [app.task, 'running', 'starting'] as const,
  ];
  const failed = (n: number) => Array.from({ length: n }, () => [app.task, 'shutdown', 'failed'] as const);
  const table: [string, Recorded, string[]][] = [
    ['all tasks run', {}, ['app done: 2/2', done]],
    ['one is not healthy yet', { tasks: [up, starting] }, ['app waits: 1/2', done]],
    ['an old task still runs', { tasks: [up, up, ['old', 'running', 'running']] }, ['app waits: 2/2', done]],
    ['an old task is ending', { tasks: [up, up, ['old', 'shutdown', 'running']] }, ['app done: 2/2', done]],
    [
      'an update is in progress',
      { update: 'updating|update in progress' },
      ['app waits: 2/2 (updating)', done],
    ],
    ['an update has ended', { update: 'completed|update completed' }, ['app done: 2/2', done]],
    [
      'rolled back',
      { definition: 'before', update: 'rollback_completed|rollback completed' },
      ['app failed: was rolled back to the previous definition', done],
    ],
    [
      'rolling back',
      { definition: 'before', update: 'rollback_started|x' },
      ['app waits: 2/2 (rolling back)', done],
    ],
    ['an old rollback', { update: 'rollback_completed|x' }, ['app done: 2/2', done]],
    ['an update is paused', { update: 'paused|task x failed' }, ['app failed: paused: task x failed', done]],
    [
      'another deployment',
      { definition: 'another' },
      ['app failed: was changed by another deployment', done],
    ],
    ['a few failures', { tasks: [up, starting, ...failed(6)] }, ['app waits: 1/2', done]],
    [
      'many failures',
      { tasks: [up, starting, ...failed(7)] },
      ['app failed: 1/2, 7 tasks have failed', done],
    ],
    ['many failures, but it runs', { tasks: [up, up, ...failed(7)] }, ['app done: 2/2', done]],
    [
      'a job runs',
      { replicas: ['2/2', '1/1 (0/1 completed)'], jobTasks: [['complete', 'running']] },
      ['app done: 2/2', 'job waits: 0/1 completed'],
    ],
    [
      'a job is retried',
      {
        replicas: ['2/2', '0/1 (0/1 completed)'],
        jobTasks: [
          ['ready', 'ready'],
          ['shutdown', 'failed'],
        ],
      },
      ['app done: 2/2', 'job waits: 0/1 completed'],
    ],
    [
      'a job has given up',
      { replicas: ['2/2', '0/1 (0/1 completed)'], jobTasks: [['shutdown', 'failed']] },
      ['app done: 2/2', 'job stopped: 0/1 completed, and will not be retried'],
    ],
  ];
  for (const [name, recorded, expected] of table) t.strictSame(await statuses(t, recorded), expected, name);
});

t.test('the next run restarts a job that has given up', { skip }, async (t) => {
  const state = [{ name: 'job', verdict: 'stopped', words: '0/1' }] as const;
  const summaries = converged('s', services, 10)
    .plan(state)
    .map(({ summary }) => summary);
  t.strictSame(summaries, ['run job again', 'wait for job (0/1)']);
});

t.test('no swarm yet', { skip }, async (t) => {
  const shell = dockerShell({});
  t.teardown(() => shell.close());
  const [change] = await pending(converged('s', services, 10), shell);
  t.equal(change?.summary, 'wait for app (not deployed), job (not deployed)');
});

async function waited(t: Test, recorded: Recorded) {
  const shell = manager(recorded);
  t.teardown(() => shell.close());
  const [change] = converged('s', services, 60).plan([{ name: 'app', verdict: 'waits', words: '1/2' }]);
  if (!change) throw new Error('nothing is pending');
  const progress: string[] = [];
  const { steps } = await shell.exchange({
    steps: [{ script: change.script, timeout: 60 }],
    probes: [],
    progress: (line) => progress.push(line),
  });
  return { code: steps[0]?.code, stderr: steps[0]?.stderr ?? '', progress };
}

t.test('waiting for convergence', { skip }, async (t) => {
  t.match(await waited(t, {}), { code: 0, progress: [] });
  const { code, stderr, progress } = await waited(t, {
    definition: 'before',
    update: 'rollback_completed|x',
  });
  t.equal(code, 1);
  t.strictSame(progress, ['app was rolled back to the previous definition']);
  t.strictSame(stderr.trim().split('\n'), [
    'app: was rolled back to the previous definition',
    'app: failed: task: non-zero exit (7)',
    'the end of the log',
    'on this machine: docker service ps --no-trunc s_app; docker service logs --tail 50 s_app',
  ]);
});
