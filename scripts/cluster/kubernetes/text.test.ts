import { resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { deployment, node, nodes, pod, pods, snapshot } from '../../../testing/kubernetes.ts';
import { stateOf } from './state.ts';
import { textOf } from './text.ts';

// Long only on a busy computer.
t.setTimeout(120_000);

const now = Date.parse('2026-11-30T15:00:00Z');
const release = {
  namespace: 'production',
  name: 'theapp',
  revision: 3,
  status: 'deployed',
  chart: 'theapp-0.1.0',
  describes: '1.4.0',
  updated: '2026-11-30T14:00:00Z',
};

const data = {
  ...release,
  name: 'theapp-data',
  revision: 1,
  chart: 'theapp-data-0.1.0',
  describes: 'Install complete',
};

t.test('a healthy cluster', async (t) => {
  const usage = [{ name: 'worker1', usage: { cpu: '250m', memory: '917504Ki' } }];
  const system = [
    deployment('coredns', 2, {}, { metadata: { name: 'coredns', namespace: 'kube-system' } }),
    deployment('theapp', 2),
  ];
  const state = stateOf(snapshot({ usage, workloads: system }, { releases: [release, data] }), now, [
    'production',
  ]);
  const expected = `NODE           ROLE           VERSION  STATE  PODS  CPU        MEMORY
control-plane  control plane  1.36.3   ready  0     2          1.8 GiB
worker1        worker         1.36.3   ready  1     0.25 of 2  0.9 of 1.8 GiB
worker2        worker         1.36.3   ready  1     2          1.8 GiB

SYSTEM               READY  IMAGE
kube-system/coredns  2/2    coredns@000000000000

PRODUCTION

RELEASE      CHART              REVISION  STATUS    AGE     DESCRIPTION
theapp       theapp-0.1.0       3         deployed  60 min  1.4.0
theapp-data  theapp-data-0.1.0  1         deployed  60 min  Install complete

WORKLOAD  READY  NODES             IMAGE
theapp    2/2    worker1, worker2  theapp@000000000000

healthy
`;
  t.equal(textOf(state, now), expected);
});

t.test('a cluster that is not healthy', async (t) => {
  const down = node('worker2', {
    spec: { unschedulable: true },
    status: { conditions: [{ type: 'Ready', status: 'Unknown', message: 'Kubelet stopped posting' }] },
  });
  const broken = pod(
    'theapp',
    'worker1',
    {
      conditions: [],
      containerStatuses: [
        {
          name: 'theapp',
          ready: false,
          restartCount: 4,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { reason: 'Error', exitCode: 1, finishedAt: '2026-11-30T14:59:00Z' } },
        },
      ],
    },
    { name: 'theapp-7c9-broken' },
  );
  const state = stateOf(
    snapshot(
      {
        nodes: [...nodes.slice(0, 2), down],
        pods: [...pods, broken],
        workloads: [deployment('theapp', 3, { readyReplicas: 2, updatedReplicas: 1 })],
      },
      { logs: { 'production/theapp-7c9-broken': ['{"msg":"cannot reach the database"}'] } },
    ),
    now,
    ['staging', 'production'],
  );
  const text = textOf(state, now);
  t.match(text, /^worker2 +worker +\? +not ready: Kubelet stopped posting, cordoned +1$/m);
  t.match(text, /^theapp +2\/3, 1 updated +worker1 ×2, worker2 +theapp@0{12}$/m);
  t.match(text, /^theapp-7c9-broken +worker1 +waiting +4 +60 min +CrashLoopBackOff: Error \(exit code 1\)$/m);
  t.match(text, /^The last lines of theapp-7c9-broken:\n {2}\{"msg":"cannot reach the database"\}$/m);
  t.match(text, /^✗ staging has no Helm release$/m);
  t.match(text, /^✗ production\/theapp: 2 of 3 ready$/m);
  t.notMatch(text, /^healthy$/m);
});

t.test('the command without a cluster', async (t) => {
  const status = (...words: string[]) =>
    execa(process.execPath, [resolve(import.meta.dirname, '../status.ts'), ...words], {
      reject: false,
      env: { THEAPP_LAB: t.testdir() },
    });
  t.match(await status('approach_4', '--environment', 'stagin'), {
    exitCode: 3,
    stderr: /expected one of staging, production, found "stagin"; did you mean "staging"/,
  });
  t.match(await status('approach_2', '--environment', 'staging'), {
    exitCode: 3,
    stderr: /approach_2 has no environments/,
  });
});
