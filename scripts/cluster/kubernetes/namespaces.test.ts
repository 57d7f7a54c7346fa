import t from 'tap';
import type { Autoscaler } from '../../../approaches/approach_4/cluster/objects.ts';
import { pod, pods, snapshot } from '../../../testing/kubernetes.ts';
import { stateOf } from './state.ts';

// Long only on a busy computer.
t.setTimeout(120_000);

const now = Date.parse('2026-11-30T15:00:00Z');
const system = pod('coredns', 'control-plane', {}, { namespace: 'kube-system' });

t.test('the namespaces of a state', async (t) => {
  const autoscaler: Autoscaler = {
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'theapp', namespace: 'production' },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'theapp' },
      minReplicas: 2,
      maxReplicas: 5,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } }],
    },
    status: {
      desiredReplicas: 2,
      currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 34 } } }],
    },
  };
  const state = stateOf(snapshot({ autoscalers: [autoscaler], pods: [...pods, system] }), now);
  t.match(state.environments, [
    {
      name: 'production',
      releases: [{ name: 'theapp' }],
      workloads: [
        {
          name: 'theapp',
          component: 'app',
          wanted: 2,
          ready: 2,
          images: ['theapp@000000000000'],
          nodes: { worker1: 1, worker2: 1 },
          autoscaler: { least: 2, most: 5, wanted: 2, metrics: ['cpu 34% of 80%'] },
        },
      ],
    },
  ]);
  t.match(state.system, [{ name: 'kube-system' }]);
});
