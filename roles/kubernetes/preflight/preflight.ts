import { type Context, failure, type Host, type ProvisionError } from '../../../provision/index.ts';
import { surveyed } from '../../survey.ts';
import { resolvesItself } from '../endpoint.ts';
import { kubernetes } from '../index.ts';
import { around } from './addresses.ts';
import { conflicts, likenesses } from './between.ts';
import { problemsOf } from './host.ts';
import { type Inspected, readInspected, script } from './probe.ts';
import type { Subnets } from './problem.ts';

type Work = Pick<Context<string>, 'facts' | 'read' | 'remaining' | 'variables' | 'warn'>;

export interface PreflightOptions {
  /** The groups of hosts, as `cluster` gets them. */
  readonly all: readonly Host[];
  readonly controlPlanes: readonly Host[];
  /** More services that will run on a control plane: port → service. */
  readonly ports?: Readonly<Record<number, string>>;
  /** MiB that the pods request that cannot run on a control plane. */
  readonly memory?: number;
}

/**
 * Checks whether hosts can become nodes of a cluster, before anything is changed on any of them. Call it before the first
 * `apply`: its script is then part of the first exchange with each host. Hosts that are nodes already are not checked.
 *
 * @throws ProvisionError (failed), or an AggregateError of all problems of all hosts
 */
export async function preflight(work: Work, options: PreflightOptions): Promise<void> {
  const found = await surveyed(work, options.all, script, (host, facts, printed) =>
    printed === '' ? [] : [readInspected(host, facts, printed, Date.now() / 1000)],
  );
  const seen = found.flat();
  const problems = problemsIn(work, seen, options);
  if (problems.length > 1) throw new AggregateError(problems);
  for (const problem of problems) throw problem;
  for (const words of doubts(work, seen)) work.warn(words);
}

const problemsIn = (work: Work, seen: readonly Inspected[], options: PreflightOptions): ProvisionError[] => [
  ...seen.flatMap((one) =>
    problemsOf(one, {
      controlPlane: options.controlPlanes.some(({ name }) => name === one.host.name),
      ports: options.ports ?? {},
      balanced: resolvesItself(work.variables(one.host, kubernetes()).endpoint),
      subnets: subnetsOf(work, one),
    }),
  ),
  ...conflicts(seen, (one) => subnetsOf(work, one)),
  ...memoryOfWorkers(seen, options),
];

/** What may become a problem, and may also be intended. */
const doubts = (work: Work, seen: readonly Inspected[]): string[] => [
  ...seen.filter(({ node }) => !node).flatMap((one) => around(one, subnetsOf(work, one))),
  ...likenesses(seen),
];

function subnetsOf(work: Work, { host }: Inspected): Subnets {
  const { pod_subnet, service_subnet } = work.variables(host, kubernetes());
  return { pod_subnet, service_subnet };
}

/** MiB of a node that its pods cannot get: kube-router's request, and what the kubelet keeps free. */
const RESERVED = 64 + 100;

/** Pods that request more than the workers have would wait forever. */
function memoryOfWorkers(
  seen: readonly Inspected[],
  { all, controlPlanes, memory = 0 }: PreflightOptions,
): ProvisionError[] {
  const names = new Set(controlPlanes.map(({ name }) => name));
  const workers = seen.filter(({ host }) => !names.has(host.name));
  if (seen.length < all.length || workers.every(({ node }) => node)) return [];
  const has = workers.reduce((sum, { facts }) => sum + facts.memory - RESERVED, 0);
  if (has >= memory) return [];
  return [
    failure({
      place: workers.map(({ host }) => host.name).join(', '),
      what: `have ${has} MiB of memory for pods in total, and the pods request ${memory} MiB`,
      todo: 'give them more memory, or add a worker',
    }),
  ];
}
