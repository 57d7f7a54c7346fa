import { setTimeout as wait } from 'node:timers/promises';
import { failure, unreachable } from '../errors.ts';
import { Unconnected } from './failures.ts';
import { endpoint, type Target } from './target.ts';

export interface Retrying {
  /** Seconds in which the connection must stand, all tries together. */
  readonly connectSeconds: number;
  /** Whether to try again while nothing answers: the machine may still be booting. */
  readonly retry: boolean;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Tries that a server which ended the connection gets even without `retry`: it may have had too many at once. */
const CROWDED_TRIES = 5;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5000;

/**
 * Tries until the connection stands, waiting longer each time, at random so that many hosts do not knock together.
 * A refused key, a wrong host key and a bad configuration end it at once. `attempt` is told how many milliseconds
 * it may take.
 */
export async function retrying<T>(
  target: Target,
  retrying: Retrying,
  attempt: (milliseconds: number) => Promise<T>,
): Promise<T> {
  const { connectSeconds, retry, progress, signal } = retrying;
  const start = Date.now();
  const left = () => connectSeconds * 1000 - (Date.now() - start);
  for (let tries = 1; ; tries++) {
    if (signal.aborted) throw stopped(target);
    try {
      return await attempt(Math.max(1000, retry ? Math.min(left(), 10_000 + 5000 * tries) : left()));
    } catch (error) {
      if (signal.aborted) throw stopped(target);
      if (!(error instanceof Unconnected)) throw error;
      const { error: told, cause, short } = error.trouble;
      const again = cause === 'crowded' ? retry || tries < CROWDED_TRIES : cause === 'booting' && retry;
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)) * (0.5 + Math.random());
      if (!again) throw told;
      if (left() < pause) throw tries > 1 ? outOfTime(told, connectSeconds, tries) : told;
      const seconds = Math.round((Date.now() - start) / 1000);
      if (retry) {
        progress(
          `waiting for SSH at ${endpoint(target)}: ${short} (${seconds} s of at most ${connectSeconds} s)`,
        );
      }
      await wait(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

function outOfTime(told: ReturnType<typeof unreachable>, seconds: number, tries: number) {
  const why = [told.parts.why, `still so after ${seconds} s and ${tries} tries`].filter(Boolean).join('; ');
  return unreachable({ ...told.parts, why }, told);
}

/** The error of a connection that was given up because the run was told to stop. */
export function stopped({ place }: Target) {
  return failure({ place, what: 'stopped while connecting' });
}
