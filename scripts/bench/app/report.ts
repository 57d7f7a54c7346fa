import { median } from '../figures.ts';
import type { ServiceName } from './calls.ts';
import { middle, type Sample } from './measure.ts';
import type { PeerName } from './peer.ts';
import type { SubjectName } from './world.ts';

/** One load of each subject, one directly after the other. */
export type Turn = ReadonlyMap<SubjectName, Sample>;

/** What was measured of one service. */
export interface Figures {
  readonly service: ServiceName;
  /** As fast as it goes. */
  readonly saturated: readonly Turn[];
  /** At 80 % of what each had just done. */
  readonly steady: readonly Turn[];
}

/** Who is compared with whom, and the part of the other's requests/s that should be reached. */
const comparisons: readonly { of: SubjectName; to: PeerName; target?: number }[] = [
  { of: 'theapp', to: 'hapi', target: 0.85 },
  { of: 'theapp', to: 'node:http', target: 0.6 },
  { of: 'theapp', to: 'fastify' },
  { of: 'hapi', to: 'node:http' },
];

/** Below this part of its core a server was not the limit. */
const saturation = 0.9;

/** How many times the median the slowest hundredth may take at 80 %. */
const tail = 3;

/** One service: all subjects side by side, then how TheAPP compares, with the targets where a dependency is called. */
export function table({ service, saturated, steady }: Figures): string {
  const titles = ['requests/s', 'p50 ms', 'p99 ms', 'µs CPU', 'core', 'at 80 %', 'p50 ms', 'p99 ms'];
  const calmly = medians(steady);
  const most = medians(saturated);
  const targeted = service !== 'hello';
  const rows = [...most].map(([name, sample]) =>
    row(`  ${name}`, [...all(sample), ...calm(calmly.get(name))]),
  );
  return [
    row(service, titles),
    ...rows,
    ...compared(saturated, targeted),
    ...limits(most),
    ...tails(steady, targeted),
  ].join('\n');
}

/** The median of each figure of each subject. */
export function medians(turns: readonly Turn[]): Turn {
  const names = [...(turns[0]?.keys() ?? [])];
  return new Map(names.map((name) => [name, middle(turns.flatMap((turn) => turn.get(name) ?? []))]));
}

const row = (name: string, cells: readonly string[]) =>
  name.padEnd(14) + cells.map((cell) => cell.padStart(11)).join('');

const all = ({ perSecond, p50, p99, cpu, busy }: Sample) => [
  perSecond.toFixed(0),
  p50.toFixed(2),
  p99.toFixed(2),
  cpu.toFixed(0),
  `${(busy * 100).toFixed(0)} %`,
];

const calm = (sample: Sample | undefined) =>
  sample ? [sample.perSecond.toFixed(0), sample.p50.toFixed(2), sample.p99.toFixed(2)] : [];

/**
 * Ratios of what was measured in the same turn, and their median: what else the computer does changes from turn to
 * turn. Where a server was not the limit, it is processor time that is held against the target. Other work can only
 * add to processor time: the least that each took in any turn is the nearest to what an idle computer would show.
 */
function compared(turns: readonly Turn[], targeted: boolean): string[] {
  return comparisons.flatMap(({ of, to, target }) => {
    const pairs = turns.flatMap((turn) => {
      const [own, peer] = [turn.get(of), turn.get(to)];
      return own && peer ? [{ own, peer }] : [];
    });
    if (pairs.length === 0) return [];
    const speed = median(pairs.map(({ own, peer }) => own.perSecond / peer.perSecond));
    const work = median(pairs.map(({ own, peer }) => peer.cpu / own.cpu));
    const alone = median(pairs.map(({ own, peer }) => Math.min(own.busy, peer.busy))) >= saturation;
    const least =
      Math.min(...pairs.map(({ peer }) => peer.cpu)) / Math.min(...pairs.map(({ own }) => own.cpu));
    const words = `${speed.toFixed(2)} by requests/s, ${work.toFixed(2)} by processor time, ${least.toFixed(2)} by the least of it`;
    return [
      `  ${`${of} / ${to}`.padEnd(20)}${words}${verdict('at least', targeted ? target : undefined, alone ? speed : work)}`,
    ];
  });
}

/** Requests/s then say more of what was the limit than of who was measured. */
function limits(samples: ReadonlyMap<SubjectName, Sample>): string[] {
  const idle = [...samples].filter(([, { busy }]) => busy < saturation).map(([name]) => name);
  return idle.length === 0
    ? []
    : [
        `  not the limit themselves: ${idle.join(', ')}; the load, a database or the computer's other work was`,
      ];
}

/** The bare handlers' say what the computer and the load add by themselves. */
function tails(turns: readonly Turn[], targeted: boolean): string[] {
  const parts = [...(turns[0]?.keys() ?? [])].map((name) => {
    const ratio = median(turns.flatMap((turn) => ratioOf(turn.get(name))));
    return `${name} ${ratio.toFixed(2)}${verdict('at most', targeted && name === 'theapp' ? tail : undefined, ratio)}`;
  });
  return parts.length === 0 ? [] : [`  p99 / p50 at 80 %: ${parts.join(', ')}`];
}

const ratioOf = (sample: Sample | undefined) => (sample ? [sample.p99 / sample.p50] : []);

function verdict(bound: 'at least' | 'at most', target: number | undefined, value: number): string {
  if (target === undefined) return '';
  const met = bound === 'at least' ? value >= target : value <= target;
  return ` (target: ${bound} ${target}${met ? '' : '; missed'})`;
}

/** Why it is slower than they. */
export const more = `TheAPP does more than the bare handlers: a line of log, metrics, a request id and a trace, strict
headers, validation; for each call a deadline, a circuit breaker and metrics; errors in one form, drain.`;
