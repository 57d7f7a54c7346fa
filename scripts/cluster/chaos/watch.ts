import { setTimeout as sleep } from 'node:timers/promises';
import { countOf } from '../../../approaches/approach_2/services/swarm.ts';
import { wordsOf } from '../sessions.ts';
import { stateOf } from '../status/state.ts';
import { roles, type Stage, serviceNamed } from './stage.ts';

/** What a cluster looked like from the moment of the fault on. Times are of `performance.now()`. */
export interface Watch {
  /** When fewer replicas of the application ran than are wanted, for the last time. */
  lastShort(): number | undefined;
  /** When anything was not as it should be, for the last time. */
  lastUnwell(): number | undefined;
  /** What the last look found wrong; undefined before there was one that began after a moment. */
  problems(since: number): readonly string[] | undefined;
  stop(): Promise<void>;
}

/** Milliseconds from the end of a look to the next: each costs an emulated machine a second or two. */
const EVERY = 3000;

export function startWatch(stage: Stage): Watch {
  let [short, unwell]: (number | undefined)[] = [];
  let problems: readonly string[] | undefined;
  let [begun, stopped] = [0, false];
  const once = async () => {
    const began = performance.now();
    try {
      const sight = await stage.probe();
      const app = countOf(serviceNamed(sight.cluster, roles.app), sight.cluster);
      const state = stateOf(sight, Date.now());
      const now = performance.now();
      if (app.running < app.wanted) short = now;
      problems = state.problems;
    } catch (error) {
      problems = [wordsOf(error)];
    }
    begun = began;
    if (problems.length > 0) unwell = performance.now();
  };
  const loop = async () => {
    for (; !stopped; await sleep(EVERY)) await once();
  };
  const watching = loop();
  return {
    lastShort: () => short,
    lastUnwell: () => unwell,
    problems: (since) => (begun > since ? problems : undefined),
    async stop() {
      stopped = true;
      await watching;
    },
  };
}
