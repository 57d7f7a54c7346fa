import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { failure } from '../../../provision/index.ts';
import { median } from '../figures.ts';
import type { Outcome } from './client.ts';
import type { Load } from './schedule.ts';
import type { Subject } from './world.ts';

/** What one subject did under one load: requests/s, milliseconds, and what its process was busy with. */
export interface Sample {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of processor time a request, which says most when the machine has other work. */
  readonly cpu: number;
  /** The part of one core that it used: at saturation 1, unless the load or a database was the limit. */
  readonly busy: number;
}

/**
 * Loads a subject.
 *
 * @throws ProvisionError (failed) when any answer was an error or other than 2xx
 */
export type Shoot = (subject: Subject, load: Omit<Load, 'url'>) => Promise<Sample>;

/** Starts processes that load: each serves all its loads, and is as warm for the first subject as for the last. */
export function startLoader(cancelSignal: AbortSignal): { shoot: Shoot; stop(): Promise<void> } {
  const [saturating, steady] = [start(withRoom, cancelSignal), start(withHaste, cancelSignal)];
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

/** Autocannon leaves much garbage: with room for all that one load leaves, it is collected between loads. */
const withRoom = ['--expose-gc', ...['min', 'max'].map((bound) => `--${bound}-semi-space-size=256`)];

/**
 * What is sent at a rate leaves little: collected often, each time in no time, from memory that is in the processor's
 * cache. Memory that nobody has touched before takes a virtual machine milliseconds, and so do threads of V8's own on
 * the core that the load shares with databases.
 */
const withHaste = ['--single-threaded', '--max-semi-space-size=1'];

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
    throw failure({ place, what: failures.join(', ') || 'no answer at all' });
  const { all, perSecond, p50, p99 } = outcome;
  return { perSecond, p50, p99, cpu: (cpu * 1e6) / all, busy: (cpu * perSecond) / all };
}

/** Processor time of a process so far: of each thread that it has (Linux, Documentation/scheduler/sched-stats.rst). */
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
