import { inputError } from '../../errors.ts';
import { batched, type Notify, notified, type Resource } from '../../language/resource.ts';
import { word } from '../check.ts';
import { KUBECONFIG, namespaceName } from '../kubernetes/cluster.ts';
import { chartOf } from './chart.ts';
import { decide } from './decision.ts';
import { type ReleaseState, releases } from './probe.ts';
import { upgrade } from './upgrade.ts';

export interface ReleaseOptions extends Notify {
  namespace: string;
  /** The folder of the chart on this computer. An object that an autoscaler scales must not set `replicas`. */
  chart: string;
  /** Values for the chart. They can be read by anybody who may read the release: no secrets. */
  values?: Readonly<Record<string, unknown>>;
  /** What is released, such as a version: `helm history` shows it, and a rollback goes back to another one. */
  describes?: string;
  /** Wait until everything is ready, and roll back otherwise; default: true. */
  wait?: boolean;
  /** Seconds that each of Helm's operations may take: hooks, waiting and rolling back; default: 300. */
  timeout?: number;
  /** What to do when it fails, for example a command that shows more. */
  hint?: string;
  /** On the host; default: the one that kubeadm writes for administrators. */
  kubeconfig?: string;
}

/**
 * A release of a chart, by the programs `helm` and `kubectl` on the host. The namespace must exist. A release is
 * upgraded when the chart renders something else than what Helm has recorded, and when a server-side dry run shows that
 * the objects in the cluster are not what the chart wants, because somebody has changed or deleted them. A release whose
 * installation or upgrade was killed is upgraded again.
 *
 * @throws ProvisionError (input)
 */
export function release(name: string, options: ReleaseOptions): Resource<ReleaseState> {
  const { values = {}, describes, wait = true, timeout = 300, kubeconfig = KUBECONFIG, hint } = options;
  const place = `helm.release ${releaseName(name)}`;
  const namespace = namespaceName(place, options.namespace);
  if (!Number.isInteger(timeout) || timeout < 1)
    throw inputError({ place, what: `expected a number of seconds, found ${timeout}` });
  const chart = chartOf(options.chart);
  const question = { name, namespace, kubeconfig, chart, values: JSON.stringify(values) };
  return {
    kind: 'helm.release',
    name: `${namespace}/${name}`,
    probe: batched(releases, question),
    plan: (state) => {
      const decision = decide({ chart, values }, state);
      if (!decision) return [];
      const { recorded } = state;
      return [upgrade({ ...question, describes, wait, timeout, recorded }, decision)];
    },
    // Helm's hooks before and after, waiting, and rolling back have this time each.
    timeout: 4 * timeout + 60,
    hint: hint ?? advice(name, namespace, kubeconfig),
    ...notified(options),
  };
}

/** What to do when a change of a release has failed. */
export const advice = (name: string, namespace: string, kubeconfig: string): string =>
  `on a control plane: export KUBECONFIG=${kubeconfig}; helm history ${name} -n ${namespace}; kubectl get pods,events -n ${namespace}`;

/** @throws ProvisionError (input) unless Helm accepts it as the name of a release */
export const releaseName = (name: string): string =>
  word(
    `helm.release ${name}`,
    name,
    /^(?=.{1,53}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
    'up to 53 lower-case letters, digits and "-"',
  );
