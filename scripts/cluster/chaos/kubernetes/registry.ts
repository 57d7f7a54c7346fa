import { setTimeout as sleep } from 'node:timers/promises';
import { failure, type Host, lines, sh } from '../../../../provision/index.ts';
import { requireSuccess } from '../provisioner.ts';
import { anotherRelease } from '../releases.ts';
import type { Scenario } from '../scenario.ts';
import { workersOf } from './placement.ts';
import type { Target } from './target.ts';

/** Seconds that the rollout waits for the registry. */
const HOLD = 60;
/** The port of the registry. */
const PORT = 5000;

/** Nodes cannot pull the image of a release that is being deployed; once they can, the deployment completes. */
export const registry: Scenario<Target> = {
  name: 'registry-unreachable',
  description: `the workers cannot reach the registry for ${HOLD} s while a release is deployed`,
  // an update (300 s), the hold, and up to 120 s until a kubelet tries again to pull
  bounds: { protects: 'all', healthySeconds: 480 },
  mayReplace: ['staging/theapp', 'production/theapp'],
  async prepare(target) {
    const workers = await workersOf(target);
    return async () => {
      const { folder, remove } = anotherRelease('// yet another release');
      await Promise.all(workers.map((host) => target.on(host, cut)));
      const deployed = target.provision({ from: folder }).finally(remove);
      try {
        await untilPullFails(target);
        await sleep(HOLD * 1000);
      } finally {
        await restore(target, workers);
      }
      requireSuccess(await deployed, 'the release was not deployed once the registry was back');
      return undefined;
    };
  },
};

const rule = sh`OUTPUT --protocol tcp --dport ${PORT} --jump DROP`;
const mend = sh`while iptables --table raw --delete ${rule} 2>/dev/null; do :; done`;
/** The machine reverts it by itself after a while, in case this process dies. */
const cut = lines([
  sh`systemd-run --quiet --collect --on-active=${HOLD * 10} sh -c ${mend.text}`,
  sh`iptables --table raw --insert ${rule}`,
]);

const restore = async (target: Target, workers: readonly Host[]) =>
  void (await Promise.all(workers.map((host) => target.on(host, mend))));

/** Waits until a node has tried to pull the image: otherwise the registry is not part of the experiment. */
async function untilPullFails(target: Target): Promise<void> {
  for (const end = performance.now() + 300_000; performance.now() < end; await sleep(3000)) {
    const { objects } = await target.probe();
    const reasons = objects.pods.flatMap(({ status }) =>
      (status.containerStatuses ?? []).map(({ state }) => state?.waiting?.reason),
    );
    if (reasons.some((reason) => reason === 'ErrImagePull' || reason === 'ImagePullBackOff')) return;
  }
  throw failure({ what: 'no node tried to pull the image within 300 s' });
}
