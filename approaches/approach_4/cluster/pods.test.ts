import t from 'tap';
import { node, nodes, pod, snapshot } from '../../../testing/kubernetes.ts';
import type { Pod } from './objects.ts';
import { podState, runningPods } from './pods.ts';

// Long only on a busy computer.
t.setTimeout(120_000);

const now = Date.parse('2026-11-30T15:00:00Z');

const notReady = node('worker2', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } });

t.test('which pods are listed', async (t) => {
  const waiting = (reason: string, message?: string): Pod['status'] => ({
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'True' }],
    containerStatuses: [
      {
        name: 'a',
        ready: false,
        restartCount: 0,
        state: { waiting: { reason, ...(message ? { message } : {}) } },
      },
    ],
  });
  const ended = (finishedAt: string, reason = 'Error') => ({
    terminated: { reason, exitCode: 1, finishedAt },
  });
  const restarted = (finishedAt: string): Pod['status'] => ({
    containerStatuses: [{ name: 'a', ready: true, restartCount: 2, state: {}, lastState: ended(finishedAt) }],
  });
  const failed = (finishedAt: string): Pod['status'] => ({
    phase: 'Failed',
    containerStatuses: [{ name: 'a', ready: false, restartCount: 0, state: ended(finishedAt) }],
  });
  const unscheduled: Pod['status'] = {
    phase: 'Pending',
    conditions: [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' },
    ],
  };
  const cases: [string, Pod, object | undefined][] = [
    ['ready', pod('theapp', 'worker1'), undefined],
    ['completed', pod('theapp', 'worker1', { phase: 'Succeeded' }), undefined],
    [
      'being created',
      pod('a', 'worker1', waiting('ContainerCreating')),
      { state: 'starting', reason: 'ContainerCreating' },
    ],
    [
      'without its image',
      pod('a', 'worker1', waiting('ErrImagePull', 'failed to pull\nimage')),
      { state: 'waiting', reason: 'ErrImagePull: failed to pull image' },
    ],
    [
      'without a node',
      pod('a', '', unscheduled),
      { state: 'waiting', reason: 'Unschedulable: 0/3 nodes are available' },
    ],
    [
      'not ready',
      pod('a', 'worker1', { conditions: [{ type: 'Ready', status: 'False' }] }),
      { state: 'not ready', reason: '' },
    ],
    [
      'restarted lately',
      pod('a', 'worker1', restarted('2026-11-30T14:59:30Z')),
      { state: 'restarted', restarts: 2, seconds: 30, reason: 'Error (exit code 1)' },
    ],
    ['restarted long ago', pod('a', 'worker1', restarted('2026-11-30T12:00:00Z')), undefined],
    ['failed lately', pod('a', 'worker1', failed('2026-11-30T14:59:30Z')), { state: 'failed', seconds: 30 }],
    ['failed long ago', pod('a', 'worker1', failed('2026-11-30T12:00:00Z')), undefined],
    ['stopping', pod('a', 'worker1', {}, { deletionTimestamp: '2026-11-30T15:00:20Z' }), undefined],
    [
      'still stopping, on a dead node',
      pod('a', 'worker1', {}, { deletionTimestamp: '2026-11-30T14:59:00Z' }),
      { state: 'stopping', seconds: 60 },
    ],
  ];
  for (const [words, one, expected] of cases) {
    const found = podState(one, now);
    if (expected) t.match(found, expected, words);
    else t.equal(found, undefined, words);
  }
});

t.test('the pods that a later run can replace', async (t) => {
  const job = pod('migrate', 'worker1', {}, { ownerReferences: [{ kind: 'Job', name: 'migrate' }] });
  const set = pod(
    'redis-1',
    'worker1',
    {},
    {
      uid: 'redis',
      labels: {},
      ownerReferences: [{ kind: 'StatefulSet', name: 'redis' }],
    },
  );
  const mirror = pod(
    'kube-apiserver',
    'control-plane',
    {},
    {
      name: 'kube-apiserver-control-plane',
      namespace: 'kube-system',
      uid: 'mirror',
      ownerReferences: [{ kind: 'Node', name: 'control-plane' }],
    },
  );
  const all = snapshot({
    nodes: [...nodes.slice(0, 2), notReady],
    pods: [
      pod('theapp', 'worker1', {}, { uid: 'app' }),
      pod('theapp', 'worker2', {}, { uid: 'on a dead node' }),
      pod('theapp', 'worker1', { conditions: [] }, { uid: 'not ready' }),
      pod('theapp', 'worker1', {}, { uid: 'stopping', deletionTimestamp: '2026-11-30T15:00:00Z' }),
      job,
      set,
      mirror,
    ],
  });
  t.strictSame(
    [...runningPods(all)],
    [
      ['app', 'production/theapp'],
      ['redis', 'production/redis'],
      ['mirror', 'kube-system/kube-apiserver-control-plane'],
    ],
  );
});
