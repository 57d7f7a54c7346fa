import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { failure } from '../../provision/errors.ts';
import { median } from '../bench/figures.ts';
import type { Load, Outcome } from './load.ts';
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

const program = resolve(import.meta.dirname, 'load.ts');

/**
 * Loads a subject from a process of its own.
 *
 * @throws ProvisionError (failed) when any answer was an error or other than 2xx
 */
export async function shoot(
  { name, url, pid }: Subject,
  load: Omit<Load, 'url'>,
  cancelSignal: AbortSignal,
): Promise<Sample> {
  const before = cpuSeconds(pid);
  const args = [program, JSON.stringify({ url, ...load })];
  const { stdout } = await execa(process.execPath, args, { cancelSignal, stderr: 'inherit' });
  const outcome: Outcome = JSON.parse(stdout);
  const cpu = cpuSeconds(pid) - before;
  const failures = Object.entries(outcome.failures).map(
    ([what, count]) => `${count} × ${what} among ${outcome.all}`,
  );
  if (failures.length > 0 || outcome.requests === 0)
    throw failure({
      place: `${name} ${load.paths.join(' ')}`,
      what: failures.join(', ') || 'no answer at all',
    });
  const { all, perSecond, p50, p99 } = outcome;
  return { perSecond, p50, p99, cpu: (cpu * 1e6) / all, busy: (cpu * perSecond) / all };
}

/** User and system time of a process so far (proc(5): fields 14 and 15, in hundredths on every Linux). */
function cpuSeconds(pid: number): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The median of each figure. */
export function middle(samples: readonly Sample[]): Sample {
  const of = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
  return { perSecond: of('perSecond'), p50: of('p50'), p99: of('p99'), cpu: of('cpu'), busy: of('busy') };
}
