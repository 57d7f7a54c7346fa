import t from 'tap';
import { rollout, rollouts } from './rollout.ts';

/** Printed by kubectl 1.36.3 while a cluster starts. */
const recorded = `kube-system/Deployment/coredns|1|1|2|2|1|2|<no value>|<no value>|<no value>
kube-system/Deployment/metrics-server|3|2|1|1|1|1|<no value>|<no value>|<no value>
kube-system/Deployment/old|2|2|1|1|1|2|<no value>|<no value>|<no value>
kube-system/DaemonSet/kube-router|1|1|<no value>|<no value>|<no value>|<no value>|3|3|2
kube-system/DaemonSet/kube-proxy|1|1|<no value>|<no value>|<no value>|<no value>|3|3|3
kube-system/DaemonSet/fresh|1|<no value>|<no value>|<no value>|<no value>|<no value>|0|<no value>|<no value>
kube-system/StatefulSet/db|1|1|2|2|2|2|<no value>|<no value>|<no value>
`;

const state = (name: string) =>
  rollouts.read({ code: 0, stdout: recorded, stderr: '' }, [`kube-system/${name}`])[0];

t.test('plan', async (t) => {
  const table: [string, number, string[]][] = [
    ['deployment/coredns', 0, ['wait until it is ready (1 of 2 are ready)']],
    ['deployment/metrics-server', 0, ['wait until it is ready (its change has not been noticed yet)']],
    ['deployment/old', 0, ['wait until it is ready (1 old ones are ending)']],
    ['deployment/unknown', 0, ['wait until it is ready (it does not exist yet)']],
    ['daemonset/kube-router', 0, ['wait until it is ready (2 of 3 are ready)']],
    ['daemonset/kube-router', 1, []],
    ['daemonset/kube-proxy', 0, []],
    ['daemonset/fresh', 0, ['wait until it is ready (its change has not been noticed yet)']],
    ['statefulset/db', 0, []],
  ];
  for (const [name, missing, wanted] of table) {
    const one = rollout(name, { namespace: 'kube-system', seconds: 60, missing });
    const found = one.plan(state(name) as Parameters<typeof one.plan>[0]).map(({ summary }) => summary);
    t.strictSame(found, wanted, `${name}, ${missing} nodes missing`);
  }
  t.throws(() => rollout('job/x', { namespace: 'a', seconds: 1 }), /expected deployment/);
});
