import { explain, failure, sh } from '../../../../provision/index.ts';
import { badReleases, update } from '../releases.ts';
import { rotations } from '../rotation.ts';
import type { Scenario } from '../scenario.ts';
import { autoscale } from './autoscale.ts';
import { renew, restore } from './controlPlane.ts';
import { networkPolicy } from './network.ts';
import { evict, spread, workerWithoutPrimary } from './placement.ts';
import { reboot } from './reboot.ts';
import { moveMasterOff } from './redis.ts';
import { registry } from './registry.ts';
import { rotate } from './secret.ts';
import type { Target } from './target.ts';
import { upgrade } from './upgrade.ts';

/** Seconds that a node is drained. */
const HOLD = 60;

/** Planned operations. */
export const maintenance: readonly Scenario<Target>[] = [
  update({
    description: 'a new release is deployed in all environments',
    // in each environment, migrations run, then at most two replicas are replaced: four of them, each within a minute
    healthySeconds: 300,
    mayReplace: ['staging/theapp', 'production/theapp'],
  }),
  // They are bad in the environment only, so that they pass all environments before.
  ...badReleases<Target>({
    reasons: { crash: /this release is broken/, neverReady: /\/readyz: 503/, answers500: /\/: 500/ },
    // staging is updated as above; then 185 s until the Deployment gives up (progressDeadlineSeconds), and the rollback
    healthySeconds: 420,
    mayReplace: ['staging/theapp'],
    where: ({ environment }) => isIn(environment),
  }),
  {
    name: 'evict',
    description: 'all replicas of TheAPP are evicted; their disruption budget allows one',
    // one replica starts on another node
    bounds: { protects: 'all', healthySeconds: 60 },
    prepare: async (target) => async () => {
      const pods = await target.pods('app');
      const refused: unknown[] = [];
      for (const { metadata } of pods)
        await evict(target, metadata.name).catch((error: unknown) => refused.push(error));
      const others = refused.filter((error) => !/disruption budget/.test(explain(error)));
      if (others.length > 0) throw others[0];
      if (refused.length === pods.length - 1) return undefined;
      throw failure({
        what: `${pods.length - refused.length} of ${pods.length} replicas were evicted at once`,
      });
    },
  },
  {
    name: 'drain',
    description: `a worker without the MariaDB primary is drained for ${HOLD} s`,
    // the drain itself, as the evicted replicas start one after another; later, the pods with volumes come back
    bounds: { protects: 'all', healthySeconds: HOLD + 120 },
    holdSeconds: HOLD,
    async prepare(target) {
      const worker = await workerWithoutPrimary(target);
      await moveMasterOff(target, worker);
      await spread(target);
      return async () => {
        await target.kubectl(
          sh`drain ${worker.name} --ignore-daemonsets --delete-emptydir-data --timeout=300s >/dev/null`,
          { seconds: 330 },
        );
        return async () => void (await target.kubectl(sh`uncordon ${worker.name} >/dev/null`));
      };
    },
  },
  autoscale,
  // as an update, of one environment; a new password of Redis also replaces three servers and three Sentinels
  ...rotations<Target>(rotate, { mysql: 300, redis: 420 }),
  networkPolicy,
  registry,
  renew,
  restore,
  reboot,
  upgrade,
];

/** A JavaScript expression that holds in the pods of a namespace: kubelets write its name into their list of domains. */
const isIn = (namespace: string) =>
  `process.getBuiltinModule('node:fs').readFileSync('/etc/resolv.conf', 'utf8').includes('search ${namespace}.svc.')`;
