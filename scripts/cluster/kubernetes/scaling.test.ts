import t from 'tap';
import { deployment, pod, pods, snapshot } from '../../../testing/kubernetes.ts';
import { parseRequest } from '../scale/request.ts';
import { findWorkload, progressOf } from './scaling.ts';

const now = Date.parse('2026-11-30T15:00:00Z');
const request = (text: string) => parseRequest(text);

t.test('only Deployments can be scaled', async (t) => {
  const { objects } = snapshot({
    workloads: [
      deployment('theapp', 2),
      deployment('mysql', 2, {}, { kind: 'StatefulSet' }),
      deployment('agent', 0, {}, { kind: 'DaemonSet' }),
    ],
  });
  t.strictSame(request('staging/app=4'), { environment: 'staging', service: 'app', replicas: 4 });
  t.equal(findWorkload(objects, request('production/app=4')), objects.workloads[0], 'by its component');
  t.equal(findWorkload(objects, request('production/theapp=4')), objects.workloads[0], 'by its name');
  t.throws(() => findWorkload(objects, request('production/ap=4')), /did you mean "app"/);
  t.throws(() => findWorkload(objects, request('staging/app=4')), /there is no such workload/);
  t.throws(() => findWorkload(objects, request('production/mysql=3')), /data and a role of its own/);
  t.throws(() => findWorkload(objects, request('production/agent=3')), /one pod on every node/);
});

t.test('when scaling is done', async (t) => {
  const third = pod('theapp', 'worker1');
  const leaving = pod('theapp', 'worker1', {}, { deletionTimestamp: '2026-11-30T15:00:30Z' });
  const waiting = pod('theapp', '', {
    phase: 'Pending',
    conditions: [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'too little memory' },
    ],
  });
  const quota = { type: 'ReplicaFailure', status: 'True', message: 'exceeded quota: limits' };
  const cases: [string, Parameters<typeof deployment>[2], typeof pods, boolean, boolean, RegExp][] = [
    ['all are ready', {}, [...pods, third], false, true, /^3 of 3 replicas ready$/],
    ['one is missing', { readyReplicas: 2 }, pods, false, false, /^2 of 3 replicas ready$/],
    ['one too many is stopping', {}, [...pods, third, leaving], false, false, /ready, 1 stopping$/],
    ['one finds no node', { readyReplicas: 2 }, [...pods, waiting], false, false, /too little memory$/],
    [
      'one is refused by the quota',
      { readyReplicas: 2, conditions: [quota] },
      pods,
      false,
      false,
      /exceeded quota: limits$/,
    ],
  ];
  for (const [words, status, own, atLeast, done, text] of cases) {
    const { objects } = snapshot({ pods: own, workloads: [deployment('theapp', 3, status)] });
    const found = progressOf(objects, request('production/app=3'), { atLeast, now });
    t.equal(found.done, done, words);
    t.match(found.words, text, words);
  }
  const more = snapshot({ pods: [...pods, third], workloads: [deployment('theapp', 3)] }).objects;
  const two = request('production/app=2');
  t.ok(progressOf(more, two, { atLeast: true, now }).done, 'an autoscaler may want more than its minimum');
  t.notOk(progressOf(more, two, { atLeast: false, now }).done);
});
