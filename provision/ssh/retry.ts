import { setTimeout as wait } from 'node:timers/promises';
import { failure, unreachable } from '../errors.ts';
import { ConnectError } from './failures.ts';
import { endpoint, type Target } from './target.ts';

export interface Retrying {
  /** Time limit for connecting, for all attempts together, in seconds. */
  readonly connectSeconds: number;
  /** Whether to retry while nothing answers, because the machine may still be booting. */
  readonly retry: boolean;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Attempts if the server closes the connection, even without `retry`: it may have had too many connections at once. */
const CROWDED_TRIES = 5;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5000;

/**
 * Retries until the connection is established, with growing random pauses so that connections to many hosts are spread
 * out. A refused key, a wrong host key and an invalid configuration are not retried. `attempt` receives its time limit
 * in milliseconds.
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
      if (!(error instanceof ConnectError)) throw error;
      const { error: reason, cause, short } = error.diagnosis;
      const again = cause === 'crowded' ? retry || tries < CROWDED_TRIES : cause === 'booting' && retry;
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)) * (0.5 + Math.random());
      if (!again) throw reason;
      const seconds = Math.round((Date.now() - start) / 1000);
      if (left() < pause) throw tries > 1 ? outOfTime(reason, seconds, tries) : reason;
      if (retry) {
        progress(
          `waiting for SSH at ${endpoint(target)}: ${short} (${seconds} s of at most ${connectSeconds} s)`,
        );
      }
      await wait(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

function outOfTime(reason: ReturnType<typeof unreachable>, seconds: number, tries: number) {
  const why = [reason.parts.why, `still failing after ${seconds} s and ${tries} attempts`]
    .filter(Boolean)
    .join('; ');
  return unreachable({ ...reason.parts, why }, reason);
}

/** The error if the run is interrupted while connecting. */
export function stopped({ place }: Target) {
  return failure({ place, what: 'interrupted while connecting' });
}
