import { setTimeout as sleep } from 'node:timers/promises';
import { summaryOf } from '../sessions.ts';
import type { Subject } from './subject.ts';

/** Probes a cluster repeatedly after the fault. Times are of `performance.now()`. */
export interface Monitor {
  /** When something without data last had fewer running replicas than wanted. */
  lastUnderReplicated(): number | undefined;
  /** When the cluster last had a problem. */
  lastUnhealthy(): number | undefined;
  /** The problems found by the last probe; undefined unless it began after `since`. */
  problems(since: number): readonly string[] | undefined;
  stop(): Promise<void>;
}

/** Milliseconds from one probe to the next: each costs an emulated machine a second or two. */
const EVERY = 3000;

export function startMonitor(subject: Pick<Subject, 'observe'>): Monitor {
  let [underReplicated, unhealthy]: (number | undefined)[] = [];
  let problems: readonly string[] | undefined;
  let [begun, stopped] = [0, false];
  const once = async () => {
    const began = performance.now();
    try {
      const observed = await subject.observe();
      if (observed.underReplicated) underReplicated = performance.now();
      problems = observed.problems;
    } catch (error) {
      problems = [summaryOf(error)];
    }
    begun = began;
    if (problems.length > 0) unhealthy = performance.now();
  };
  const loop = async () => {
    for (; !stopped; await sleep(EVERY)) await once();
  };
  const watching = loop();
  return {
    lastUnderReplicated: () => underReplicated,
    lastUnhealthy: () => unhealthy,
    problems: (since) => (begun > since ? problems : undefined),
    async stop() {
      stopped = true;
      await watching;
    },
  };
}
