import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../../provision/index.ts';
import type { Shoot } from './sample.ts';
import type { Subject } from './testbed.ts';

/** The kinds of memory that are watched: the whole process, and its parts. */
const kinds = ['resident', 'heap used', 'heap total', 'external'] as const;

/** The memory of the process at one moment of the soak, in MiB. */
export interface Memory extends Readonly<Record<(typeof kinds)[number], number>> {
  readonly minutes: number;
}

/** The growth over the whole run that still counts as flat, as a part of the mean. */
const flat = 0.05;

/** The first part of a run fills caches and pools: it is shown, but does not count for the trend. */
const warmup = 0.2;

export interface Soak {
  readonly shoot: Shoot;
  readonly rate: number;
  readonly minutes: number;
  readonly connections: number;
  readonly signal: AbortSignal;
  /** Receives the samples, also if an answer was wrong. */
  report(seen: readonly Memory[]): void;
}

/**
 * Samples TheAPP's memory from its metrics during a load.
 *
 * @throws ProvisionError (failed) as `shoot` does
 */
export async function soak(subject: Subject, paths: readonly string[], options: Soak): Promise<void> {
  const { shoot, rate, minutes, connections, signal, report } = options;
  const begin = performance.now();
  let over = false;
  const load = shoot(subject, { paths, connections, seconds: minutes * 60, rate });
  const ended = load.then(
    () => (over = true),
    () => (over = true),
  );
  const seen: Memory[] = [];
  const every = Math.min(5000, (minutes * 60_000) / 30);
  while (!over) {
    const now = (performance.now() - begin) / 60_000;
    seen.push({ minutes: now, ...(await memoryOf(subject)) });
    await Promise.race([sleep(every, undefined, { signal }), ended]);
  }
  report(seen);
  await load;
}

async function memoryOf({ name, url }: Subject): Promise<Omit<Memory, 'minutes'>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const read = (metric: string) => {
    const [, value] = new RegExp(`^${metric} ([\\d.e+]+)$`, 'm').exec(text) ?? [];
    if (value === undefined) throw failure({ place: name, what: `/metrics has no ${metric}` });
    return Number(value) / 2 ** 20;
  };
  return {
    resident: read('process_resident_memory_bytes'),
    'heap used': read('nodejs_heap_size_used_bytes'),
    'heap total': read('nodejs_heap_size_total_bytes'),
    external: read('nodejs_external_memory_bytes'),
  };
}

/** Start, end and trend of each kind of memory, and whether it is flat. */
export function memoryTable(seen: readonly Memory[]): string {
  const later = seen.slice(Math.floor(seen.length * warmup));
  const span = (later.at(-1)?.minutes ?? 0) - (later[0]?.minutes ?? 0);
  const rows = kinds.map((kind) => {
    const points = later.map((one) => [one.minutes, one[kind]] as const);
    const { slope, middle } = trend(points);
    const growth = (slope * span) / middle;
    const figures = [seen[0]?.[kind], seen.at(-1)?.[kind], middle].map((value = Number.NaN) =>
      value.toFixed(1),
    );
    const cells = [...figures, slope.toFixed(3), `${(growth * 100).toFixed(1)} %`];
    const verdict =
      kind === 'resident' ? ` (target: at most ${flat * 100} %${growth <= flat ? '' : '; missed'})` : '';
    return `  ${kind.padEnd(12)}${cells.map((cell) => cell.padStart(10)).join('')}${verdict}`;
  });
  const head = ['start', 'end', 'mean', 'MiB/min', 'growth'].map((cell) => cell.padStart(10)).join('');
  return [`memory, MiB   ${head}`, ...rows, `  resident, ${steps(seen)}`].join('\n');
}

/** Eleven values over the run: a trend alone does not distinguish a slope from a step. */
function steps(seen: readonly Memory[]): string {
  const parts = Array.from({ length: 11 }, (_, part) => Math.round((part * (seen.length - 1)) / 10));
  return `at each tenth of the run: ${parts.map((at) => seen[at]?.resident.toFixed(0)).join(' ')}`;
}

/** The line of least squares through the points: its slope, and its value in the middle. */
export function trend(points: readonly (readonly [x: number, y: number])[]): {
  slope: number;
  middle: number;
} {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middleX, middle] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const across = points.reduce((sum, [x, y]) => sum + (x - middleX) * (y - middle), 0);
  const along = points.reduce((sum, [x]) => sum + (x - middleX) ** 2, 0);
  return { slope: along === 0 ? 0 : across / along, middle };
}
