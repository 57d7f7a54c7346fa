import { setTimeout as sleep } from 'node:timers/promises';
import { countOf } from '../../../approaches/approach_2/services/swarm.ts';
import { failure } from '../../../provision/index.ts';
import type { Scenario } from './scenario.ts';
import { roles, type Stage, serviceNamed } from './stage.ts';

/** Replicas between which it is to go. */
const [LEAST, MOST] = [2, 5];
/** Requests in flight for each replica: fewer than any load has, and more than it has. */
const [FEW, MANY] = [0.1, 1000];
/** Seconds until it has got there. */
const DEADLINE_SECONDS = 300;

/** The cluster scales itself, as it is told what is much for a replica, and what is little. */
export const autoscale: Scenario = {
  name: 'autoscale',
  words: `the autoscaler takes ${roles.app} up to ${MOST}, and down to ${LEAST}`,
  keeps: 'all',
  async aim(stage) {
    const before = await wanted(stage);
    return async () => {
      await turnOn(stage, FEW);
      await reach(stage, MOST);
      await turnOn(stage, MANY);
      await reach(stage, LEAST);
      return async () => {
        await stage.provision();
        await stage.scale(roles.app, before);
      };
    };
  },
};

async function turnOn(stage: Stage, inFlight: number): Promise<void> {
  const settings = { min: LEAST, max: MOST, in_flight: inFlight, up_seconds: 5, down_seconds: 5 };
  const all = Object.entries(settings).map(([key, value]) => `theapp.autoscale_${key}=${value}`);
  const words = ['theapp.autoscale=true', ...all].flatMap((one) => ['-e', one]);
  const { exitCode, errors } = await stage.provision({ words });
  if (exitCode !== 0)
    throw failure({ what: 'the autoscaler could not be turned on', said: errors.join('\n') });
}

async function reach(stage: Stage, replicas: number): Promise<void> {
  for (const end = performance.now() + DEADLINE_SECONDS * 1000; performance.now() < end; await sleep(2000)) {
    const { cluster } = await stage.probe();
    const { wanted, running } = countOf(serviceNamed(cluster, roles.app), cluster);
    stage.tell(`${roles.app}: ${running} of ${wanted}, to be ${replicas}`);
    if (wanted === replicas && running === replicas) return;
  }
  throw failure({ what: `the autoscaler has not come to ${replicas} replicas within ${DEADLINE_SECONDS} s` });
}

async function wanted(stage: Stage): Promise<number> {
  const { cluster } = await stage.probe();
  return countOf(serviceNamed(cluster, roles.app), cluster).wanted;
}
