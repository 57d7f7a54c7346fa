import { setTimeout as sleep } from 'node:timers/promises';
import type { Observer } from '../app/src/dependencies/breaker.ts';
import { Unavailable } from '../app/src/dependencies/unavailable.ts';

/** An observer that records calls and breaker states for tests. */
export function recordingObserver() {
  const calls: string[] = [];
  const open = new Map<string, boolean>();
  const observer: Observer = {
    call: (dependency, outcome) => void calls.push(`${dependency} ${outcome}`),
    breaker: (dependency, now) => void open.set(dependency, now),
  };
  return { observer, calls, open };
}

/** The result of a call: its value, or the code of its Unavailable. Rethrows any other error. */
export async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Unavailable) return error.code;
    throw error;
  }
}

/** The duration of a call in milliseconds, whether it succeeds or fails. */
export async function duration(call: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await call.catch(() => undefined);
  return performance.now() - began;
}

/** Polls until an outcome passes; false after 15 s. */
export async function eventually(ask: () => Promise<unknown>, passes: (answer: unknown) => boolean) {
  for (const end = Date.now() + 15_000; Date.now() < end; await sleep(20))
    if (passes(await outcome(ask()))) return true;
  return false;
}
