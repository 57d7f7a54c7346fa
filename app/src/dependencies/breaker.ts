import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
} from 'cockatiel';
import { Unavailable } from './unavailable.ts';

/** What is told about every call of a dependency; the metrics listen. */
export interface Observer {
  /** `refused`: the breaker was open, nothing was sent. */
  call(dependency: string, outcome: 'ok' | 'failed' | 'refused', seconds: number): void;
  /** Told at the start and at every change. */
  breaker(dependency: string, open: boolean): void;
}

/** For who does not count. */
export const noopObserver: Observer = { call: () => undefined, breaker: () => undefined };

/** Does the work, or throws Unavailable with code BREAKER_OPEN at once while the dependency is down. */
export type Breaker = <T>(work: () => Promise<T>) => Promise<T>;

interface BreakerOptions {
  /** Whether an error says that the dependency is down; what it answers to a wrong or unlucky question does not. */
  isDown(error: unknown): boolean;
  /** Called each time the breaker opens, also after a trial that failed. */
  onOpen?(): void;
}

/** Failures in a row until nothing is sent any more, and milliseconds until one call is let through as a trial. */
const [failureThreshold, resetMilliseconds] = [5, 1000];

/**
 * A circuit breaker: callers of a dependency that is down are told so at once instead of waiting for its
 * deadline, and it is left in peace while it recovers.
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
      // While the trial runs, cockatiel would let the others wait for its outcome: longer than their own deadline.
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
        `not asked: no answer ${failureThreshold} times in a row`,
      );
    }
  };
}
