import { setTimeout as sleep } from 'node:timers/promises';
import { countOf } from '../../../../approaches/approach_2/services/swarm.ts';
import { failure } from '../../../../provision/index.ts';
import { requireSuccess } from '../provisioner.ts';
import type { Scenario } from '../scenario.ts';
import { serviceNamed, services, type Target } from './target.ts';

/** The bounds of the autoscaler. */
const [LEAST, MOST] = [2, 5];
/** Thresholds for requests in flight per replica: one that every load exceeds, one that none reaches. */
const [FEW, MANY] = [0.1, 1000];
/** Seconds in which the autoscaler must reach a bound: it adds two at most, removes one at a time, and each change may take a minute. */
const DEADLINE_SECONDS = 300;

/** The autoscaler scales up and down as its threshold changes. */
export const autoscale: Scenario<Target> = {
  name: 'autoscale',
  description: `the autoscaler scales ${services.app} up to ${MOST} and down to ${LEAST}`,
  // the longest of its two ways
  bounds: { protects: 'all', healthySeconds: DEADLINE_SECONDS },
  async prepare(target) {
    const before = await wanted(target);
    return async () => {
      await enable(target, FEW);
      await reach(target, MOST);
      await enable(target, MANY);
      await reach(target, LEAST);
      return async () => {
        await target.provision();
        await target.scale(services.app, before);
      };
    };
  },
};

async function enable(target: Target, inFlight: number): Promise<void> {
  const settings = { min: LEAST, max: MOST, in_flight: inFlight, up_seconds: 5, down_seconds: 5 };
  const all = Object.entries(settings).map(([key, value]) => `theapp.autoscale_${key}=${value}`);
  const words = ['theapp.autoscale=true', ...all].flatMap((one) => ['-e', one]);
  requireSuccess(await target.provision({ words }), 'the autoscaler could not be enabled');
}

async function reach(target: Target, replicas: number): Promise<void> {
  for (const end = performance.now() + DEADLINE_SECONDS * 1000; performance.now() < end; await sleep(2000)) {
    const { cluster } = await target.probe();
    const { wanted, running } = countOf(serviceNamed(cluster, services.app), cluster);
    target.progress(`${services.app}: ${running} of ${wanted} replicas running, waiting for ${replicas}`);
    if (wanted === replicas && running === replicas) return;
  }
  throw failure({ what: `the autoscaler did not reach ${replicas} replicas within ${DEADLINE_SECONDS} s` });
}

async function wanted(target: Target): Promise<number> {
  const { cluster } = await target.probe();
  return countOf(serviceNamed(cluster, services.app), cluster).wanted;
}
