import type { PeerName } from './provisioner/peers/peer.ts';

/** The medians of one peer on a number of hosts, in seconds. The floor only reads: it has no first run. */
export interface Figure {
  readonly name: PeerName;
  readonly hosts: number;
  readonly first: number | null;
  readonly converged: number;
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1];
  const high = sorted[Math.floor(middle)];
  if (low === undefined || high === undefined) throw new RangeError('the median of nothing');
  return (low + high) / 2;
}

/** The measurements of one peer: seconds of each run. */
export interface Samples {
  readonly first: readonly number[];
  readonly converged: readonly number[];
}

export function figure(name: PeerName, hosts: number, { first, converged }: Samples): Figure {
  const seconds = (values: readonly number[]) => Number(median(values).toFixed(3));
  return { name, hosts, first: first.length === 0 ? null : seconds(first), converged: seconds(converged) };
}

/** A comparison of two peers, with its target. */
interface Ratio {
  readonly of: PeerName;
  readonly to: PeerName;
  readonly run: 'first' | 'converged';
  readonly target: string;
  meets(ratio: number): boolean;
}

const ratios: readonly Ratio[] = [
  { of: 'ours', to: 'floor', run: 'converged', target: 'at most 2', meets: (ratio) => ratio <= 2 },
  { of: 'ansible', to: 'ours', run: 'first', target: 'at least 5', meets: (ratio) => ratio >= 5 },
  { of: 'ansible', to: 'ours', run: 'converged', target: '', meets: () => true },
  { of: 'mitogen', to: 'ours', run: 'first', target: 'more than 1', meets: (ratio) => ratio > 1 },
  { of: 'mitogen', to: 'ours', run: 'converged', target: '', meets: () => true },
  { of: 'pyinfra', to: 'ours', run: 'converged', target: '', meets: () => true },
];

/** The peers side by side, then the comparisons, for one number of hosts. */
export function table(figures: readonly Figure[], hosts: number): string {
  const cell = (value: number | null) => (value === null ? '–' : `${value.toFixed(2)} s`).padStart(10);
  const rows = figures.map(
    ({ name, first, converged }) => `  ${name.padEnd(16)}${cell(first)}${cell(converged)}`,
  );
  const compared = ratios.flatMap(({ of, to, run, target, meets }) => {
    const [a, b] = [of, to].map((name) => figures.find((one) => one.name === name)?.[run]);
    if (!a || !b) return [];
    const verdict = target && ` (target: ${target}${meets(a / b) ? '' : '; missed'})`;
    return [`  ${`${of} / ${to}`.padEnd(16)}${run.padStart(10)}${(a / b).toFixed(2).padStart(10)}${verdict}`];
  });
  const head =
    `${hosts} host${hosts === 1 ? '' : 's'}`.padEnd(18) + 'first'.padStart(10) + 'converged'.padStart(10);
  return [head, ...rows, ...compared, ''].join('\n');
}
