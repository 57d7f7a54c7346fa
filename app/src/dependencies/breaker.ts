import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
} from 'cockatiel';
import { Unavailable } from './unavailable.ts';

/** Receives the outcome of every call to a dependency; the metrics implement it. */
export interface Observer {
  /** `refused`: the breaker was open and nothing was sent. */
  call(dependency: string, outcome: 'ok' | 'failed' | 'refused', seconds: number): void;
  /** Called at the start and at every change. */
  breaker(dependency: string, open: boolean): void;
}

/** An observer that ignores everything. */
export const noopObserver: Observer = { call: () => undefined, breaker: () => undefined };

/** Runs the work. While the dependency is down, throws Unavailable with code BREAKER_OPEN at once. */
export type Breaker = <T>(work: () => Promise<T>) => Promise<T>;

interface BreakerOptions {
  /** Whether an error means that the dependency is down. A server that rejects a query is not down. */
  isDown(error: unknown): boolean;
  /** Called each time the breaker opens, including after a failed trial. */
  onOpen?(): void;
}

/** The breaker opens after this many consecutive failures, and lets one trial call through after this long. */
const [failureThreshold, resetMilliseconds] = [5, 1000];

/**
 * A circuit breaker: while a dependency is down, calls fail at once instead of waiting for the deadline, and the
 * dependency can recover without load.
 */
export function createBreaker(
  dependency: string,
  observer: Observer,
  { isDown, onOpen }: BreakerOptions,
): Breaker {
  const policy = circuitBreaker(handleWhen(isDown), {
    halfOpenAfter: resetMilliseconds,
    breaker: new ConsecutiveBreaker(failureThreshold),
  });
  policy.onBreak(() => {
    observer.breaker(dependency, true);
    onOpen?.();
  });
  policy.onReset(() => observer.breaker(dependency, false));
  observer.breaker(dependency, false);
  return async (work) => {
    const startedAt = performance.now();
    try {
      // While a trial runs, cockatiel makes the other calls wait for its outcome, longer than their own deadline.
      if (policy.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
      const result = await policy.execute(work);
      observer.call(dependency, 'ok', (performance.now() - startedAt) / 1000);
      return result;
    } catch (error) {
      const refused = isBrokenCircuitError(error);
      observer.call(dependency, refused ? 'refused' : 'failed', (performance.now() - startedAt) / 1000);
      if (!refused) throw error;
      throw new Unavailable(
        dependency,
        'BREAKER_OPEN',
        `not called: ${failureThreshold} consecutive calls failed`,
      );
    }
  };
}
