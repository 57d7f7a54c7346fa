import type { Machine } from '../../provision/index.ts';

/** Where a service is on the way from the visitor to the data. */
export type Tier = 'in' | 'app' | 'data';

/** One service in the picture. */
export interface Box {
  readonly name: string;
  /** Lines below the name. */
  readonly notes: readonly string[];
  readonly tier: Tier;
  /** The machines it is drawn on; empty if Docker or Kubernetes chooses. */
  readonly machines: readonly string[];
  readonly networks: readonly string[];
  /** Runs once and ends. */
  readonly job: boolean;
}

/** A network that connects services, drawn between two tiers. */
export interface Bus {
  readonly name: string;
  readonly words: string;
  readonly between: readonly [Tier, Tier];
}

/** All that a diagram shows, read from the files that machines are made from. */
export interface Picture {
  readonly title: string;
  readonly description: string;
  readonly machines: Readonly<Record<string, Machine>>;
  readonly boxes: readonly Box[];
  readonly buses: readonly Bus[];
  /** The titles of the rows below the machines: for services on any node, and for jobs. */
  readonly rows?: { readonly free: string; readonly jobs: string };
}

export const tiers: readonly Tier[] = ['in', 'app', 'data'];

/** Networks that lead from one tier to the next, in that order. */
export function busesOf(boxes: readonly Box[], wordsOf: (name: string) => string): Bus[] {
  const names = [...new Set(boxes.flatMap(({ networks }) => networks))];
  const on = (name: string, tier: Tier) =>
    boxes.some((box) => box.tier === tier && box.networks.includes(name));
  const pairs: readonly (readonly [Tier, Tier])[] = [
    ['in', 'app'],
    ['app', 'data'],
  ];
  return pairs.flatMap((between) => {
    const name = names.find((name) => between.every((tier) => on(name, tier)));
    return name === undefined ? [] : [{ name, words: wordsOf(name), between }];
  });
}
