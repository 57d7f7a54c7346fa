import t from 'tap';
import { parse } from 'yaml';
import { dockerShell } from '../../../testing/docker.ts';
import { stateOf } from '../../../testing/resources.ts';
import { becomeRoot } from '../../../testing/root.ts';
import { deployed, type Running, type Spec } from './deployment.ts';
import { DEFINITION, NAMESPACE, REPLICAS, stackDocument } from './document.ts';
import { drift } from './drift.ts';

const skip = becomeRoot();

const stack = stackDocument(
  'stack.yml',
  'services: { app: { image: a, deploy: { replicas: 2 } }, web: { image: w, deploy: { mode: global } } }',
  { secrets: {}, configs: {} },
);
const [app, web] = stack.services as [(typeof stack.services)[0], (typeof stack.services)[0]];
const deployment = { name: 's', folder: '/opt/stacks/s', stack, resolveImage: 'changed' } as const;
const whole = deployed(deployment, stack.services, 'whole');

const spec = (name: string, definition: string, replicas?: number, asked = '2'): Spec => ({
  Name: `s_${name}`,
  Labels: {
    [NAMESPACE]: 's',
    [DEFINITION]: definition,
    ...(replicas === undefined ? {} : { [REPLICAS]: asked }),
  },
  Mode: replicas === undefined ? {} : { Replicated: { Replicas: replicas } },
});
const running = (one: Spec, more: Partial<Running> = {}): Running => ({
  spec: one,
  update: '',
  kept: one,
  ...more,
});
const good = (): [string, Running][] => [
  ['app', running(spec('app', app.definition, 2))],
  ['web', running(spec('web', web.definition))],
];
const plan = (...changed: [string, Running][]) => whole.plan(new Map([...good(), ...changed]));
const words = (...changed: [string, Running][]) => plan(...changed).map(({ summary }) => summary);

t.test('which services are deployed, and why', async (t) => {
  t.strictSame(words(), []);
  t.strictSame(
    whole.plan(new Map()).map(({ summary }) => summary),
    ['create app; create web'],
  );
  t.strictSame(words(['app', running(spec('app', 'other', 2))]), ['update app']);
  t.strictSame(words(['app', running(spec('app', app.definition, 5))]), [], 'somebody scaled it');
  t.strictSame(
    words(['app', running(spec('app', app.definition, 5, '3'))]),
    ['scale app to 2 replicas'],
    'the number in the file has changed',
  );
  const paused = running(spec('app', app.definition, 2), { update: 'paused' });
  t.strictSame(words(['app', paused]), ['update app again (its last update is paused)']);
  const byHand = { ...spec('app', app.definition, 2), TaskTemplate: { ContainerSpec: { Env: ['A=b'] } } };
  t.strictSame(words(['app', running(byHand, { kept: spec('app', app.definition, 2) })]), [
    'undo manual changes to app: TaskTemplate',
  ]);
  const rolledBack = running(spec('app', app.definition, 2), { kept: spec('app', 'bad release', 2) });
  t.strictSame(words(['app', rolledBack]), [], 'the swarm has rolled back to the previous release');
  t.strictSame(words(['old', running(spec('old', 'x', 1))]), ['remove old']);
  const part = deployed(deployment, [web], 'part');
  t.strictSame(
    part.plan(new Map([...good(), ['old', running(spec('old', 'x', 1))]])),
    [],
    'a part removes no other service',
  );
  const existing = deployed(deployment, stack.services, 'existing');
  t.strictSame(existing.plan(new Map()), [], 'with `existing`, nothing is created');
});

t.test('the number of replicas', async (t) => {
  const replicas = (now: number, asked: string) => {
    const [change] = plan(['app', running(spec('app', 'other', now, asked))]);
    const text = /printf %s '([^']*)'/.exec(change?.script.text ?? '')?.[1] ?? '';
    const { services } = parse(text);
    t.strictSame(Object.keys(services), ['app'], 'no other service is touched');
    return services.app.deploy.replicas;
  };
  t.equal(replicas(5, '2'), 5, 'a service that was scaled keeps its number');
  t.equal(replicas(5, '3'), 2, 'until the number in the file changes');
});

t.test('the probe', { skip }, async (t) => {
  const one = spec('app', app.definition, 2);
  const shell = dockerShell({
    'service ls --quiet': 'abc\n',
    'service inspect': `now completed ${JSON.stringify(one)}\nnow - ${JSON.stringify(spec('web', 'x'))}\n`,
  });
  t.teardown(() => shell.close());
  const state = await stateOf(whole, shell);
  t.strictSame(
    state,
    new Map([
      ['app', { spec: one, update: 'completed' }],
      ['web', { spec: spec('web', 'x'), update: '' }],
    ]),
  );
  const none = dockerShell({});
  t.teardown(() => none.close());
  t.strictSame(await stateOf(whole, none), new Map(), 'a host without a swarm');
});

t.test('drift', async (t) => {
  const before = {
    Mode: { Replicated: { Replicas: 2 } },
    TaskTemplate: { ForceUpdate: 0, Env: ['A'], Image: 'a' },
  };
  const after = {
    Mode: { Replicated: { Replicas: 6 } },
    TaskTemplate: { ForceUpdate: 3, Env: ['B'], Image: 'a' },
  };
  t.strictSame(drift(before, after), ['TaskTemplate.Env']);
  t.strictSame(drift({ a: 1 }, { a: 1, b: {} }), ['b']);
});
