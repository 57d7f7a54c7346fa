import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { failure } from '../../../provision/index.ts';
import { median } from '../figures.ts';
import type { Outcome } from './client.ts';
import type { Load } from './pacing.ts';
import type { Subject } from './testbed.ts';

/** The measurements of one subject under one load: requests/s, milliseconds, processor time. */
export interface Sample {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of processor time for each request: the most reliable figure on a busy computer. */
  readonly cpu: number;
  /** The part of one core that it used: 1 at the maximum rate, unless the load or a database was the bottleneck. */
  readonly busy: number;
}

/**
 * Loads a subject.
 *
 * @throws ProvisionError (failed) if any answer was an error or not 2xx
 */
export type Shoot = (subject: Subject, load: Omit<Load, 'url'>) => Promise<Sample>;

/** Starts the load processes. Each sends all its loads, so it is as warm for the first subject as for the last. */
export function startLoader(cancelSignal: AbortSignal): { shoot: Shoot; stop(): Promise<void> } {
  const [saturating, steady] = [start(withRoom, cancelSignal), start(withLittleMemory, cancelSignal)];
  return {
    async shoot({ name, url, pid }, load) {
      const loader = load.rate === undefined ? saturating : steady;
      const before = cpuSeconds(pid);
      const answer = loader.getOneMessage();
      const [text] = await Promise.all([answer, loader.sendMessage(JSON.stringify({ url, ...load }))]);
      const outcome: Outcome = JSON.parse(String(text));
      return sampleOf(`${name} ${load.paths.join(' ')}`, outcome, cpuSeconds(pid) - before);
    },
    async stop() {
      saturating.kill();
      steady.kill();
      await Promise.all([saturating, steady]);
    },
  };
}

/** Autocannon leaves much garbage: with room for that of one load, it is collected between loads. */
const withRoom = ['--expose-gc', ...['min', 'max'].map((bound) => `--${bound}-semi-space-size=256`)];

/**
 * A load with a rate leaves little garbage. It is collected often and quickly, from memory in the processor's cache.
 * On a virtual machine, the first access to new memory takes milliseconds, and so do V8's own threads on the core that
 * the load shares with the databases.
 */
const withLittleMemory = ['--single-threaded', '--max-semi-space-size=1'];

function start(flags: readonly string[], cancelSignal: AbortSignal) {
  const program = [...flags, resolve(import.meta.dirname, 'client.ts')];
  const options = {
    cancelSignal,
    ipc: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    reject: false,
  } as const;
  return execa(process.execPath, program, options);
}

function sampleOf(place: string, outcome: Outcome, cpu: number): Sample {
  const failures = Object.entries(outcome.failures).map(
    ([what, count]) => `${count} × ${what} among ${outcome.all}`,
  );
  if (failures.length > 0 || outcome.requests === 0)
    throw failure({ place, what: failures.join(', ') || 'no answer' });
  const { all, perSecond, p50, p99 } = outcome;
  return { perSecond, p50, p99, cpu: (cpu * 1e6) / all, busy: (cpu * perSecond) / all };
}

/** Processor time of a process so far: the sum over its threads (Linux, Documentation/scheduler/sched-stats.rst). */
function cpuSeconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9;
}

/** The median of each figure. */
export function middle(samples: readonly Sample[]): Sample {
  const of = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
  return { perSecond: of('perSecond'), p50: of('p50'), p99: of('p99'), cpu: of('cpu'), busy: of('busy') };
}
