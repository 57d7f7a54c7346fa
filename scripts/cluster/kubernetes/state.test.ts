import t from 'tap';
import type { Objects, Pod } from '../../../approaches/approach_4/cluster/objects.ts';
import { deployment, node, nodes, pod, pods, snapshot } from '../../../testing/kubernetes.ts';
import type { KubernetesSnapshot } from './probe.ts';
import { stateOf } from './state.ts';

// Long only on a busy computer.
t.setTimeout(120_000);

const now = Date.parse('2026-11-30T15:00:00Z');

const notReady = node('worker2', {
  status: {
    conditions: [{ type: 'Ready', status: 'Unknown', message: 'Kubelet stopped posting node status.' }],
  },
});
const daemons = (wanted: number, ready: number, updated: number) =>
  deployment(
    'kube-router',
    0,
    {},
    {
      kind: 'DaemonSet',
      spec: {},
      status: {
        observedGeneration: 3,
        desiredNumberScheduled: wanted,
        numberReady: ready,
        updatedNumberScheduled: updated,
      },
    },
  );
const crashing = (reason: string): Pod['status'] => ({
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [
    {
      name: 'theapp',
      ready: false,
      restartCount: 7,
      state: { waiting: { reason, message: 'back-off 5m0s restarting failed container=theapp' } },
      lastState: { terminated: { reason: 'OOMKilled', exitCode: 137, finishedAt: '2026-11-30T14:59:00Z' } },
    },
  ],
});
const backup = (lastScheduleTime: string, lastSuccessfulTime: string, active: object[] = []) => ({
  kind: 'CronJob' as const,
  metadata: { name: 'mysql-backup', namespace: 'production' },
  spec: {},
  status: { lastScheduleTime, lastSuccessfulTime, active },
});
const release = (status: string): Partial<KubernetesSnapshot> => ({
  releases: [
    { namespace: 'production', name: 'theapp', revision: 4, status },
    { namespace: 'production', name: 'theapp-data', revision: 4, status: 'deployed' },
  ],
});
const only = (name: string): Partial<KubernetesSnapshot> => ({
  releases: [{ namespace: 'production', name, revision: 1, status: 'deployed' }],
});
const data = (lag: number | null, ...masters: string[]): Partial<KubernetesSnapshot> => ({
  data: {
    production: {
      replicas: [{ host: 'worker1', service: 'mysql-1', lag, ...(lag === null ? { error: 'why' } : {}) }],
      sentinels: masters.map((master, at) => ({
        host: 'worker1',
        service: `sentinel-${at + 1}`,
        master,
        flags: 'master',
        replicas: 2,
      })),
    },
  },
});

t.test('which states are problems', async (t) => {
  const cases: [string, Partial<Objects>, Partial<KubernetesSnapshot>, RegExp[]][] = [
    ['a healthy cluster', {}, data(0, 'redis-1:6379', 'redis-1:6379'), []],
    [
      'a missing replica',
      { workloads: [deployment('theapp', 3, { readyReplicas: 2 })] },
      {},
      [/^production\/theapp: 2 of 3 ready$/],
    ],
    [
      'a rolling update: all are ready, not all are new',
      { workloads: [deployment('theapp', 2, { replicas: 3, readyReplicas: 3, updatedReplicas: 1 })] },
      {},
      [/^production\/theapp: 1 of 2 have the newest revision$/],
    ],
    [
      'a change that the controller has not seen yet',
      { workloads: [deployment('theapp', 2, { observedGeneration: 2 })] },
      {},
      [/0 of 2 have the newest revision/],
    ],
    ['a DaemonSet on every node', { workloads: [daemons(3, 3, 3)] }, {}, []],
    [
      'a DaemonSet that is missing on a node',
      { workloads: [daemons(3, 2, 3)] },
      {},
      [/kube-router: 2 of 3 ready/],
    ],
    [
      'a cordoned node',
      { nodes: [...nodes.slice(1), node('control-plane', { spec: { unschedulable: true } })] },
      {},
      [],
    ],
    [
      'a node that is not ready',
      { nodes: [...nodes.slice(0, 2), notReady] },
      {},
      [/^node worker2 is not ready: Kubelet stopped posting/],
    ],
    [
      'a host that has no node',
      { nodes: nodes.slice(1) },
      {},
      [/^control-plane is not a node of the cluster$/],
    ],
    [
      'a host that does not answer',
      {},
      { unreachable: { worker2: 'timed out' } },
      [/^worker2 does not answer: timed out$/],
    ],
    [
      'a disk that is full',
      {
        nodes: [
          ...nodes.slice(1),
          node('control-plane', {
            status: {
              conditions: [
                { type: 'Ready', status: 'True' },
                { type: 'DiskPressure', status: 'True', message: 'kubelet has disk pressure' },
              ],
            },
          }),
        ],
      },
      {},
      [/^node control-plane has DiskPressure: kubelet has disk pressure$/],
    ],
    ['a release that failed', {}, release('failed'), [/^production\/theapp: revision 4 is failed$/]],
    ['a release that is being upgraded', {}, release('pending-upgrade'), [/is pending-upgrade/]],
    [
      'data services without TheAPP',
      {},
      only('theapp-data'),
      [/^production: the Helm release theapp is missing, although theapp-data is installed$/],
    ],
    [
      'TheAPP without its data services',
      {},
      only('theapp'),
      [/^production: the Helm release theapp-data is missing, although theapp is installed$/],
    ],
    ['releases of something else', {}, only('ingress-nginx'), []],
    [
      'a pod that crashes again and again',
      { pods: [...pods, pod('theapp', 'worker1', crashing('CrashLoopBackOff'))] },
      {},
      [/^production\/theapp-7c9-\d+ was restarted 7 times: CrashLoopBackOff: OOMKilled \(exit code 137\)$/],
    ],
    ['a replica that lags', {}, data(31), [/^production: mysql-1 is 31 s behind its primary$/]],
    ['a replica that does not replicate', {}, data(null), [/^production: mysql-1 does not replicate: why$/]],
    [
      'Sentinels that disagree',
      {},
      data(0, 'redis-1:6379', 'redis-2:6379'),
      [/^production: Sentinels disagree about the master: redis-1:6379, redis-2:6379$/],
    ],
    [
      'a backup that succeeded',
      { cronJobs: [backup('2026-11-30T03:17:00Z', '2026-11-30T03:17:09Z')] },
      {},
      [],
    ],
    [
      'a backup that failed',
      { cronJobs: [backup('2026-11-30T03:17:00Z', '2026-11-29T03:17:09Z')] },
      {},
      [/^production\/mysql-backup: the run of 2026-11-30T03:17:00Z did not succeed$/],
    ],
    [
      'a backup that is running',
      { cronJobs: [backup('2026-11-30T03:17:00Z', '2026-11-29T03:17:09Z', [{}])] },
      {},
      [],
    ],
  ];
  for (const [words, objects, more, expected] of cases) {
    const { problems, healthy } = stateOf(snapshot(objects, more), now);
    t.match(problems, expected, words);
    t.equal(problems.length, expected.length, `${words}: ${problems.join('; ')}`);
    t.equal(healthy, expected.length === 0);
  }
});
