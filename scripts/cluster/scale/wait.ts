import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../../provision/index.ts';
import type { ScaleRequest } from './request.ts';

/** What scaling did. */
export interface Scaled {
  readonly service: string;
  readonly before: number;
  readonly after: number;
  readonly seconds: number;
}

export interface ScaleOptions {
  /** Deadline for the replicas to run. */
  readonly seconds: number;
  readonly progress: (topic: string, line: string) => void;
}

/** The progress of scaling. */
export interface Progress {
  readonly done: boolean;
  /** What is still missing. */
  readonly words: string;
}

/** Milliseconds between two probes. */
const EVERY = 2000;

/**
 * Waits until `look` reports that the wanted replicas run, and returns the seconds that have passed. `look` returns nothing
 * while the cluster does not answer.
 *
 * @throws ProvisionError (failed) after the deadline
 */
export async function waitForReplicas(
  {
    name,
    replicas,
    began,
    seconds,
    progress,
    todo,
  }: ScaleOptions & {
    readonly name: string;
    readonly replicas: number;
    readonly began: number;
    readonly todo: string;
  },
  look: () => Promise<Progress | undefined>,
): Promise<number> {
  for (let words = ''; ; await sleep(EVERY)) {
    const seen = await look();
    const passed = (performance.now() - began) / 1000;
    if (seen) {
      words = seen.words;
      progress(name, `${words}: ${Math.round(passed)} s`);
      if (seen.done) return Number(passed.toFixed(1));
    }
    if (passed > seconds)
      throw failure({
        place: name,
        what: `did not reach ${replicas} replicas within ${seconds} s`,
        why: words,
        todo,
      });
  }
}

/** What to do if the replicas do not run. */
export const scaleBack = ({ environment, service }: ScaleRequest, before: number): string =>
  `npm run status -- APPROACH shows why; npm run scale -- APPROACH ${environment === undefined ? '' : `${environment}/`}${service}=${before} scales back`;
