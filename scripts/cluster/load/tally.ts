import { type Call, isIdempotent } from './calls.ts';
import type { Nodes } from './nodes.ts';

/** What became of the requests of one kind. `words` are the wrong answers and errors, with how many of each. */
export interface Kind {
  readonly asked: number;
  readonly answered: number;
  readonly words: Readonly<Record<string, number>>;
}

/** A request that was lost, `at` seconds after the load began. */
export interface Loss {
  readonly at: number;
  readonly call: string;
  readonly node: string;
  readonly word: string;
}

export interface LoadReport {
  readonly rate: number;
  readonly seconds: number;
  readonly asked: number;
  /** As expected, on the first try or the second. */
  readonly answered: number;
  /** No answer in time, a status or a body that is not right. */
  readonly lost: { readonly idempotent: number; readonly others: number };
  /** Idempotent requests that were sent once more, to another node, and how many of these were then answered. */
  readonly retried: { readonly asked: number; readonly answered: number };
  /** Not sent, since too many were under way: the load was less than its rate. */
  readonly skipped: number;
  readonly calls: Readonly<Record<string, Kind>>;
  /** Milliseconds until the whole answer was there, of those that were answered. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The longest time in seconds without an answer that was as expected. */
  readonly gap: number;
  readonly nodes: readonly { readonly url: string; readonly asked: number; readonly outs: number }[];
  /** The first that were lost. */
  readonly failures: readonly Loss[];
  /** Counters that went back or gave a number twice; todos that were acknowledged and are not there. */
  readonly problems: readonly string[];
}

/** Losses that are kept for the message; all are counted. */
const SHOWN = 20;

/** Counts what becomes of requests. Times are those of `performance.now()`. */
export function newTally() {
  const began = performance.now();
  const calls: Record<string, { asked: number; answered: number; words: Record<string, number> }> = {};
  const [lost, retried] = [
    { idempotent: 0, others: 0 },
    { asked: 0, answered: 0 },
  ];
  const latencies: number[] = [];
  const failures: Loss[] = [];
  let [skipped, gap, lastAnswer] = [0, 0, began];
  let lastLoss: number | undefined;
  const kindOf = (name: string) => {
    calls[name] ??= { asked: 0, answered: 0, words: {} };
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
    lose(call: Call, { node, word }: { node: string; word: string }) {
      const { words } = kindOf(call.name);
      words[word] = (words[word] ?? 0) + 1;
      lost[isIdempotent(call) ? 'idempotent' : 'others'] += 1;
      lastLoss = performance.now();
      const at = Number(((lastLoss - began) / 1000).toFixed(2));
      if (failures.length < SHOWN) failures.push({ at, call: call.name, node, word });
    },
    /** When the last one was lost. */
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
        nodes: nodes.all.map(({ url, asked, outs }) => ({ url, asked, outs })),
        failures: [...failures],
        problems,
      };
    },
  };
}

export type Tally = ReturnType<typeof newTally>;

const seconds = (milliseconds: number) => Number((milliseconds / 1000).toFixed(2));
