import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../../../provision/index.ts';
import { startLoad } from '../../load/traffic.ts';
import type { Scenario } from '../scenario.ts';
import { autoscaledIn, isSettled } from './observation.ts';
import type { Target } from './target.ts';

/** What the scenario needs of a cluster. */
type Scaled = Pick<Target, 'environment' | 'probe' | 'progress' | 'urls' | 'health'>;

/** Requests per second in addition to those that are counted. */
const MORE = 150;
/**
 * Seconds in which the autoscaler must add a replica, and in which it must remove it again: it removes one 120 s after the
 * load has ended (autoscaling.scaleDownSeconds). The rest is for metrics, starts and stops.
 */
const DEADLINE_SECONDS = 420;

/** The autoscaler adds replicas under load, and removes them afterwards. */
export const autoscale: Scenario<Scaled> = {
  name: 'autoscale',
  description: `${MORE} more requests per second: the autoscaler adds replicas of TheAPP, and removes them afterwards`,
  bounds: { protects: 'all', healthySeconds: 2 * DEADLINE_SECONDS },
  skip: async (target) =>
    autoscaledIn(await target.probe()).has(`${target.environment}/theapp`)
      ? undefined
      : `TheAPP has no autoscaler in ${target.environment}`,
  prepare: async (target) => async () => {
    const before = await replicas(target);
    if (before === undefined)
      throw failure({
        place: `${target.environment}/theapp`,
        what: 'its autoscaler has not finished: other replicas are ready than it wants',
      });
    const load = await startLoad({ ...target, rate: MORE, retry: true });
    await reach(target, 'add a replica', (now) => now > before).finally(() => load.stop());
    await reach(target, 'remove the replicas again', (now) => now <= before);
    return undefined;
  },
};

/** How many replicas the autoscaler of the environment wants; undefined while another number of them is ready. */
async function replicas(target: Scaled): Promise<number | undefined> {
  const snapshot = await target.probe();
  return isSettled(snapshot) ? autoscaledIn(snapshot).get(`${target.environment}/theapp`) : undefined;
}

async function reach(target: Scaled, what: string, holds: (now: number) => boolean): Promise<void> {
  for (const end = performance.now() + DEADLINE_SECONDS * 1000; performance.now() < end; await sleep(3000)) {
    const now = await replicas(target);
    target.progress(`waiting for the autoscaler to ${what}; now ${now ?? 'scaling'}`);
    if (now !== undefined && holds(now)) return;
  }
  throw failure({ what: `the autoscaler did not ${what} within ${DEADLINE_SECONDS} s` });
}
