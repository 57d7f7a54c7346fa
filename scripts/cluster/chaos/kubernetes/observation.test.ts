import t from 'tap';
import type { Autoscaler, Pod, Workload } from '../../kubernetes/objects.ts';
import type { KubernetesSnapshot } from '../../kubernetes/probe.ts';
import { autoscaledIn, isSettled, observationOf } from './observation.ts';
import { portOf } from './ports.ts';
import { signal } from './target.ts';

const deployment = (name: string, wanted: number, ready: number): Workload => ({
  kind: 'Deployment',
  metadata: { name, namespace: 'production', generation: 1 },
  spec: { replicas: wanted },
  status: { observedGeneration: 1, readyReplicas: ready, updatedReplicas: wanted },
});

const pod = (name: string, ready = true): Pod => ({
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'production',
    uid: name,
    labels: { 'pod-template-hash': '1' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'theapp-1' }],
  },
  spec: { nodeName: 'worker1' },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    containerStatuses: [
      { name: 'theapp', ready, restartCount: 0, containerID: `containerd://id-of-${name}` },
    ],
  },
});

const autoscaler = (desired: number): Autoscaler => ({
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'theapp', namespace: 'production' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'theapp' }, maxReplicas: 5 },
  status: { desiredReplicas: desired },
});

const snapshot = (objects: Partial<KubernetesSnapshot['objects']>): KubernetesSnapshot => ({
  reporter: 'control-plane',
  hosts: ['worker1'],
  objects: {
    nodes: [
      {
        kind: 'Node',
        metadata: { name: 'worker1' },
        spec: {},
        status: { conditions: [{ type: 'Ready', status: 'True' }] },
      },
    ],
    pods: [],
    workloads: [],
    autoscalers: [],
    cronJobs: [],
    usage: [],
    ...objects,
  },
  releases: [],
  data: {},
  logs: {},
  unreachable: {},
});

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
  t.not(portOf('staging'), portOf('production'));
  const { status, ...rest } = pod('a');
  t.throws(() => signal({ ...rest, status: { phase: status.phase ?? '' } }, 'KILL'), /no running container/);
});
