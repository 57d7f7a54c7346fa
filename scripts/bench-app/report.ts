import type { ServiceName } from './calls.ts';
import type { Sample } from './measure.ts';
import type { PeerName } from './peer.ts';
import type { SubjectName } from './world.ts';

/** What was measured of one service. */
export interface Figures {
  readonly service: ServiceName;
  /** As fast as it goes. */
  readonly saturated: ReadonlyMap<SubjectName, Sample>;
  /** At 80 % of what each could do. */
  readonly steady: ReadonlyMap<SubjectName, Sample>;
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

/** One service: all subjects side by side, then how TheAPP compares, with the targets. */
export function table({ service, saturated, steady }: Figures): string {
  const head = row(service, [
    'requests/s',
    'p50 ms',
    'p99 ms',
    'µs CPU',
    'core',
    'at 80 %',
    'p50 ms',
    'p99 ms',
  ]);
  const rows = [...saturated].map(([name, sample]) =>
    row(`  ${name}`, [...all(sample), ...calm(steady.get(name))]),
  );
  return [head, ...rows, ...compared(saturated), ...limits(saturated), ...tails(steady)].join('\n');
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

function compared(samples: ReadonlyMap<SubjectName, Sample>): string[] {
  return comparisons.flatMap(({ of, to, target }) => {
    const [own, peer] = [samples.get(of), samples.get(to)];
    if (!own || !peer) return [];
    const ratio = own.perSecond / peer.perSecond;
    const work = `${(peer.cpu / own.cpu).toFixed(2)} by processor time`;
    return [
      `  ${`${of} / ${to}`.padEnd(20)}${ratio.toFixed(2)}${verdict('at least', target, ratio)}; ${work}`,
    ];
  });
}

/** Requests/s then say more of what was the limit than of who was measured: processor time is what compares. */
function limits(samples: ReadonlyMap<SubjectName, Sample>): string[] {
  const idle = [...samples].filter(([, { busy }]) => busy < saturation).map(([name]) => name);
  return idle.length === 0
    ? []
    : [`  not the limit themselves: ${idle.join(', ')}; the load or a database was`];
}

const tails = (samples: ReadonlyMap<SubjectName, Sample>) =>
  [...samples].map(([name, { p50, p99 }]) => {
    const target = name === 'theapp' ? tail : undefined;
    return `  ${name}, p99 / p50 at 80 %: ${(p99 / p50).toFixed(2)}${verdict('at most', target, p99 / p50)}`;
  });

function verdict(bound: 'at least' | 'at most', target: number | undefined, value: number): string {
  if (target === undefined) return '';
  const met = bound === 'at least' ? value >= target : value <= target;
  return ` (target: ${bound} ${target}${met ? '' : '; missed'})`;
}
