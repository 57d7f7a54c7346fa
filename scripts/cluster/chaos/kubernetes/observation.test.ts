import t from 'tap';
import type { Autoscaler, Objects, Pod } from '../../../../approaches/approach_4/cluster/objects.ts';
import * as kubernetes from '../../../../testing/kubernetes.ts';
import { nodePortOf } from '../../load/port.ts';
import { autoscaledIn, isSettled, observationOf } from './observation.ts';
import { signal } from './target.ts';

const deployment = (name: string, wanted: number, ready: number) =>
  kubernetes.deployment(name, wanted, { readyReplicas: ready });

const pod = (name: string, ready = true): Pod =>
  kubernetes.pod(
    'theapp',
    'worker1',
    {
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [
        { name: 'theapp', ready, restartCount: 0, containerID: `containerd://id-of-${name}` },
      ],
    },
    { name, uid: name },
  );

const autoscaler = (desired: number): Autoscaler => ({
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'theapp', namespace: 'production' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'theapp' }, maxReplicas: 5 },
  status: { desiredReplicas: desired },
});

const snapshot = (objects: Partial<Objects>) => kubernetes.snapshot({ pods: [], workloads: [], ...objects });

t.test('what an experiment knows of a cluster', async (t) => {
  const whole = snapshot({
    workloads: [deployment('theapp', 2, 2)],
    pods: [pod('a'), pod('b', false)],
    autoscalers: [autoscaler(2)],
  });
  t.match(observationOf(whole, 'production'), { problems: [], underReplicated: false });
  t.strictSame([...observationOf(whole, 'production').running], [['a', 'production/theapp']]);
  t.strictSame(observationOf(whole, 'production').autoscaled, ['production/theapp']);
  const one = snapshot({ workloads: [deployment('theapp', 2, 1)] });
  t.match(observationOf(one, 'production'), {
    problems: ['production/theapp: 1 of 2 ready'],
    underReplicated: true,
  });
  t.equal(observationOf(one, 'staging').underReplicated, false, 'only the environment of the load counts');
});

t.test('replicas that an autoscaler adds are not missing while they start', async (t) => {
  const scaling = (ready: number) =>
    snapshot({ workloads: [deployment('theapp', 3, ready)], autoscalers: [autoscaler(3)] });
  const growing = scaling(2);
  t.equal(isSettled(growing), false);
  t.equal(observationOf(growing, 'production').underReplicated, true);
  const before = autoscaledIn(snapshot({ autoscalers: [autoscaler(2)] }));
  t.match(observationOf(growing, 'production', before), { problems: [], underReplicated: false });
  const short = scaling(1);
  t.match(observationOf(short, 'production', before), {
    problems: ['production/theapp: 1 of 2 ready'],
    underReplicated: true,
  });
  t.equal(isSettled(scaling(3)), true);
});

t.test('signals and ports', async (t) => {
  t.match(signal(pod('a'), 'STOP').text, /tasks ps id-of-a \| .* kill -STOP$/);
  t.not(nodePortOf('staging'), nodePortOf('production'));
  const { status, ...rest } = pod('a');
  t.throws(() => signal({ ...rest, status: { phase: status.phase ?? '' } }, 'KILL'), /no running container/);
});
