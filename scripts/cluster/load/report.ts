import { type Call, isIdempotent } from './calls.ts';
import type { Nodes } from './nodes.ts';

/** The requests of one kind. `errors` counts the wrong answers and connection errors by reason. */
export interface Kind {
  readonly asked: number;
  readonly answered: number;
  readonly errors: Readonly<Record<string, number>>;
}

/** A lost request, `at` seconds after the load began. */
export interface Loss {
  readonly at: number;
  readonly call: string;
  readonly node: string;
  readonly reason: string;
}

export interface LoadReport {
  readonly rate: number;
  readonly seconds: number;
  readonly asked: number;
  /** Answered as expected, on the first or second attempt. */
  readonly answered: number;
  /** No answer in time, or a wrong status or body. */
  readonly lost: { readonly idempotent: number; readonly others: number };
  /** Idempotent requests that were retried on another node, and how many of them were then answered. */
  readonly retried: { readonly asked: number; readonly answered: number };
  /** Not sent because too many were in flight: the load was below its rate. */
  readonly skipped: number;
  readonly calls: Readonly<Record<string, Kind>>;
  /** Milliseconds until the complete answer, of the answered requests. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The longest time in seconds without an expected answer. */
  readonly gap: number;
  readonly nodes: readonly { readonly url: string; readonly asked: number; readonly outages: number }[];
  /** The first lost requests. */
  readonly failures: readonly Loss[];
  /** Counters that went back or repeated a number; acknowledged todos that are missing. */
  readonly problems: readonly string[];
}

/** Lost requests that are listed; all are counted. */
const SHOWN = 20;

/** Counts the results of requests. Times are of `performance.now()`. */
export function newTally() {
  const began = performance.now();
  const calls: Record<string, { asked: number; answered: number; errors: Record<string, number> }> = {};
  const [lost, retried] = [
    { idempotent: 0, others: 0 },
    { asked: 0, answered: 0 },
  ];
  const latencies: number[] = [];
  const failures: Loss[] = [];
  let [skipped, gap, lastAnswer] = [0, 0, began];
  let lastLoss: number | undefined;
  const kindOf = (name: string) => {
    calls[name] ??= { asked: 0, answered: 0, errors: {} };
    return calls[name];
  };
  return {
    ask({ name }: Call) {
      kindOf(name).asked += 1;
    },
    skip() {
      skipped += 1;
    },
    retry() {
      retried.asked += 1;
    },
    answer({ name }: Call, { since, again }: { since: number; again: boolean }) {
      const now = performance.now();
      kindOf(name).answered += 1;
      if (again) retried.answered += 1;
      latencies.push(now - since);
      gap = Math.max(gap, now - lastAnswer);
      lastAnswer = now;
    },
    lose(call: Call, { node, reason }: { node: string; reason: string }) {
      const { errors } = kindOf(call.name);
      errors[reason] = (errors[reason] ?? 0) + 1;
      lost[isIdempotent(call) ? 'idempotent' : 'others'] += 1;
      lastLoss = performance.now();
      const at = Number(((lastLoss - began) / 1000).toFixed(2));
      if (failures.length < SHOWN) failures.push({ at, call: call.name, node, reason });
    },
    /** When the last request was lost. */
    lastLoss: () => lastLoss,
    report(rate: number, nodes: Nodes, problems: readonly string[]): LoadReport {
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (part: number) => Math.round(sorted[Math.ceil(sorted.length * part) - 1] ?? 0);
      const sum = (what: 'asked' | 'answered') =>
        Object.values(calls).reduce((total, kind) => total + kind[what], 0);
      const now = performance.now();
      return {
        rate,
        seconds: seconds(now - began),
        asked: sum('asked'),
        answered: sum('answered'),
        lost: { ...lost },
        retried: { ...retried },
        skipped,
        calls: structuredClone(calls),
        latency: { p50: at(0.5), p99: at(0.99), max: at(1) },
        gap: seconds(Math.max(gap, now - lastAnswer)),
        nodes: nodes.all.map(({ url, asked, outages }) => ({ url, asked, outages })),
        failures: [...failures],
        problems,
      };
    },
  };
}

export type Tally = ReturnType<typeof newTally>;

const seconds = (milliseconds: number) => Number((milliseconds / 1000).toFixed(2));
