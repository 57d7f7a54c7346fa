import { countOf } from '../../../../approaches/approach_2/services/swarm.ts';
import { sh } from '../../../../provision/index.ts';
import { badReleases, update } from '../releases.ts';
import { rotations } from '../rotation.ts';
import type { Scenario } from '../scenario.ts';
import { autoscale } from './autoscale.ts';
import { rotate } from './secret.ts';
import { serviceNamed, services, type Target } from './target.ts';

/** Planned operations. */
export const maintenance: readonly Scenario<Target>[] = [
  update({
    description: 'a new release is deployed',
    // migrations, and three replicas, one after another
    healthySeconds: 120,
    mayReplace: [services.app, 'migrate'],
  }),
  ...badReleases({
    reasons: { crash: /this release is broken/, neverReady: /\bapp\b/, answers500: /\bapp\b/ },
    // the replica has as much time to become ready (theapp.ready_seconds)
    healthySeconds: 120,
  }),
  {
    name: 'scale',
    description: `${services.app} is scaled 2 → 6 → 2`,
    // three steps, each within a minute
    bounds: { protects: 'all', healthySeconds: 180 },
    async prepare(target) {
      const { cluster } = await target.probe();
      const before = countOf(serviceNamed(cluster, services.app), cluster).wanted;
      return async () => {
        for (const replicas of [2, 6, 2]) await target.scale(services.app, replicas);
        return () => target.scale(services.app, before);
      };
    },
  },
  autoscale,
  {
    name: 'drain',
    description: 'a worker is drained for 60 s',
    // for as long as the worker is drained, and a minute for the tasks that only it can run
    bounds: { protects: 'all', healthySeconds: 120 },
    holdSeconds: 60,
    async prepare(target) {
      const [manager, { name }] = [await target.manager(), await target.statelessWorker()];
      const set = async (availability: 'drain' | 'active') => {
        const node = sh`docker node ls -q --filter ${`node.label=host=${name}`}`;
        await target.on(manager, sh`docker node update --availability ${availability} $(${node}) >/dev/null`);
      };
      return async () => {
        await set('drain');
        return () => set('active');
      };
    },
  },
  // three replicas of TheAPP, one after another; a new password of Redis also replaces three servers and three Sentinels
  ...rotations(rotate, { mysql: 60, redis: 420 }),
];
