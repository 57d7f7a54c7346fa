import { median } from '../figures.ts';
import type { ServiceName } from './handlers.ts';
import type { PeerName } from './peer.ts';
import { middle, type Sample } from './sample.ts';
import type { SubjectName } from './testbed.ts';

/** One load of each subject, one directly after the other. */
export type Turn = ReadonlyMap<SubjectName, Sample>;

/** The measurements of one service. */
export interface Figures {
  readonly service: ServiceName;
  /** At the maximum rate. */
  readonly saturated: readonly Turn[];
  /** At 80 % of the rate that each had just reached. */
  readonly steady: readonly Turn[];
}

/** Which subject is compared with which peer, and the part of the peer's rate that is the target. */
const comparisons: readonly { of: SubjectName; to: PeerName; target?: number }[] = [
  { of: 'theapp', to: 'hapi', target: 0.85 },
  { of: 'theapp', to: 'node:http', target: 0.6 },
  { of: 'theapp', to: 'fastify' },
  { of: 'hapi', to: 'node:http' },
];

/** A server that used less than this part of its core was not the bottleneck. */
const saturation = 0.9;

/** The target for p99 / p50 at 80 % of the maximum rate. */
const tail = 3;

/** One service: the subjects side by side, then the comparisons, with targets if the service calls a dependency. */
export function table({ service, saturated, steady }: Figures): string {
  const titles = ['requests/s', 'p50 ms', 'p99 ms', 'µs CPU', 'core', 'at 80 %', 'p50 ms', 'p99 ms'];
  const atSteadyRate = medians(steady);
  const most = medians(saturated);
  const targeted = service !== 'hello';
  const rows = [...most].map(([name, sample]) =>
    row(`  ${name}`, [...all(sample), ...latencyCells(atSteadyRate.get(name))]),
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

const latencyCells = (sample: Sample | undefined) =>
  sample ? [sample.perSecond.toFixed(0), sample.p50.toFixed(2), sample.p99.toFixed(2)] : [];

/**
 * The median of the ratios within each turn, because other work on the computer changes from turn to turn. If a server
 * was not the bottleneck, processor time is compared with the target instead of the rate. Other work can only add
 * processor time, so the minimum over all turns is closest to the value on an idle computer.
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
    const words = `${speed.toFixed(2)} by requests/s, ${work.toFixed(2)} by processor time, ${least.toFixed(2)} by minimum processor time`;
    return [
      `  ${`${of} / ${to}`.padEnd(20)}${words}${verdict('at least', targeted ? target : undefined, alone ? speed : work)}`,
    ];
  });
}

/** The rate of these servers measures the bottleneck, not the server. */
function limits(samples: ReadonlyMap<SubjectName, Sample>): string[] {
  const idle = [...samples].filter(([, { busy }]) => busy < saturation).map(([name]) => name);
  return idle.length === 0
    ? []
    : [
        `  not the bottleneck: ${idle.join(', ')}; the load generator, a database or other work on the computer was`,
      ];
}

/** The ratios of the minimal servers show what the computer and the load generator add. */
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

/** Why TheAPP is slower than its peers. */
export const more = `For each request TheAPP also writes a log line, updates metrics, assigns a request id and a trace, sets security
headers and validates input. Each dependency call has a deadline, a circuit breaker and metrics.`;
