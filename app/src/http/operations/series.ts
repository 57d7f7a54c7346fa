import { Counter, Registry } from 'prom-client';

/** A metric whose series differ in their labels. */
interface Family<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly L[];
}

type Labels<L extends string> = Readonly<Record<L, string>>;

/**
 * A prom-client registry with cheaper counters and histograms. prom-client hashes and validates the labels on every
 * increment, which costs more than the request that is counted. Here each function resolves the labels of a series once
 * and returns a function that adds to the series.
 */
export class SeriesRegistry extends Registry {
  readonly #histograms: (() => string)[] = [];

  counter<L extends string>(family: Family<L>): (labels: Labels<L>) => () => void {
    const all = seriesBy((labels: Labels<L>) => ({ labels, count: 0 }));
    new Counter({
      ...family,
      registers: [this],
      collect() {
        this.reset();
        for (const { labels, count } of all.made()) this.inc(labels, count);
      },
    });
    return (labels) => {
      const series = all.of(labels);
      return () => {
        series.count += 1;
      };
    };
  }

  /** Buckets are given by their upper bounds in ascending order. */
  histogram<L extends string>(
    family: Family<L> & { readonly buckets: readonly number[] },
  ): (labels: Labels<L>) => (value: number) => void {
    const { name, help, buckets } = family;
    const all = seriesBy(
      (labels: Labels<L>): Distribution => ({ labels, counts: [...buckets, 0].fill(0), sum: 0 }),
    );
    const head = `# HELP ${name} ${help}\n# TYPE ${name} histogram\n`;
    this.#histograms.push(
      () =>
        head +
        all
          .made()
          .map((series) => linesOf(name, buckets, series))
          .join(''),
    );
    return (labels) => {
      const series = all.of(labels);
      return (value) => {
        const found = buckets.findIndex((bound) => value <= bound);
        const at = found < 0 ? buckets.length : found;
        series.counts[at] = (series.counts[at] ?? 0) + 1;
        series.sum += value;
      };
    };
  }

  override async metrics(): Promise<string> {
    const histograms = this.#histograms.map((write) => `\n${write()}`);
    return (await super.metrics()) + histograms.join('');
  }
}

/** Returns the same series for equal labels. */
function seriesBy<L extends Readonly<Record<string, string>>, S>(make: (labels: L) => S) {
  const known = new Map<string, S>();
  return {
    of(labels: L): S {
      const key = JSON.stringify(labels);
      const series = known.get(key) ?? make(labels);
      known.set(key, series);
      return series;
    },
    made: () => [...known.values()],
  };
}

interface Distribution {
  readonly labels: Readonly<Record<string, string>>;
  /** The number of values per bucket, not cumulative; the last one counts values above all bounds. */
  readonly counts: number[];
  sum: number;
}

/** The Prometheus text format, version 0.0.4: buckets are cumulative. */
function linesOf(name: string, buckets: readonly number[], { labels, counts, sum }: Distribution): string {
  const own = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  let total = 0;
  const lines = counts.map((count, at) => {
    total += count;
    return `${name}_bucket{${[`le="${buckets[at] ?? '+Inf'}"`, ...own].join(',')}} ${total}\n`;
  });
  return `${lines.join('')}${name}_sum{${own.join(',')}} ${sum}\n${name}_count{${own.join(',')}} ${total}\n`;
}
