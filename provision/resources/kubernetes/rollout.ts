import { type Batch, batched, type Resource } from '../../language/resource.ts';
import { sh } from '../../shell/sh.ts';
import { word } from '../check.ts';
import { kubectl } from './kubectl.ts';

export interface RolloutOptions {
  readonly namespace: string;
  /** Seconds to wait until it is complete. */
  readonly seconds: number;
  /** How many nodes are known to be away: a DaemonSet is complete without them. Default: 0. */
  readonly missing?: number;
}

/** The pods that there should be, that have the current definition, and that are ready; or why these are not known. */
interface RolloutState {
  readonly daemon: boolean;
  readonly desired: number;
  readonly words: string;
  readonly current: number;
  readonly ready: number;
}

/**
 * A Deployment, DaemonSet or StatefulSet (`deployment/metrics-server`) whose pods are all ready and up to date.
 * Otherwise it waits. It fails with the pods and the last warnings of the namespace.
 */
export function rollout(
  name: string,
  { namespace, seconds, missing = 0 }: RolloutOptions,
): Resource<RolloutState> {
  word('kubernetes.rollout', name, KIND, 'deployment/…, daemonset/… or statefulset/…');
  const inNamespace = sh`${kubectl} --namespace=${namespace}`;
  return {
    kind: 'kubernetes.rollout',
    name: `${namespace}/${name.replace(/^.*\//, '')}`,
    probe: batched(rollouts, `${namespace}/${name}`),
    plan: (state) => {
      const least = state.daemon ? state.desired - missing : state.desired;
      const open = whyOpen(state, least);
      if (open === undefined) return [];
      const waiting =
        least < state.desired
          ? sh`${inNamespace} wait ${name} --for=${`jsonpath={.status.numberAvailable}=${least}`} --timeout=${`${seconds}s`}`
          : sh`${inNamespace} rollout status ${name} --timeout=${`${seconds}s`}`;
      const script = sh`if ! ${waiting} >/dev/null; then
${inNamespace} get pods --output=wide >&2 || :
${inNamespace} get events --field-selector=type=Warning --sort-by=.lastTimestamp 2>/dev/null | tail -n 6 >&2 || :
exit 1
fi`;
      return [{ summary: `wait until it is ready (${open})`, script }];
    },
    timeout: seconds + 60,
  };
}

/** What is missing, in words; undefined if it is complete. */
function whyOpen({ words, current, ready }: RolloutState, least: number): string | undefined {
  if (words !== '') return words;
  if (current < least) return `${current} of ${least} are up to date`;
  return ready < least ? `${ready} of ${least} are ready` : undefined;
}

const KIND = /^(deployment|daemonset|statefulset)\/[a-z0-9.-]+$/;

/** One process for all resources. */
export const rollouts: Batch<string, RolloutState> = {
  name: 'kubernetes.rollout',
  script: () =>
    sh`${kubectl} get deployments,daemonsets,statefulsets --all-namespaces --output=${`go-template=${TEMPLATE}`} 2>/dev/null || :`,
  read: ({ stdout }, names) => {
    const rows = new Map(
      stdout.split('\n').map((line) => [(line.split('|')[0] ?? '').toLowerCase(), line.split('|')]),
    );
    return names.map((name) => statusOf(rows.get(name)));
  },
};

/** Missing fields are printed as `<no value>`. */
const TEMPLATE =
  '{{range .items}}{{.metadata.namespace}}/{{.kind}}/{{.metadata.name}}|{{.metadata.generation}}|{{.status.observedGeneration}}|{{.spec.replicas}}|{{.status.updatedReplicas}}|{{.status.availableReplicas}}|{{.status.replicas}}|{{.status.desiredNumberScheduled}}|{{.status.updatedNumberScheduled}}|{{.status.numberAvailable}}{{"\\n"}}{{end}}';

function statusOf(row: readonly string[] | undefined): RolloutState {
  const daemon = /\/daemonset\//i.test(row?.[0] ?? '');
  const numbers = row?.slice(1).map((field) => Number(field) || 0) ?? [];
  const [generation, observed, replicas = 0, updated = 0, available = 0, existing = 0, ...daemons] = numbers;
  const [desired = 0, current = 0, ready = 0] = daemon ? daemons : [replicas, updated, available];
  const old = daemon ? 0 : existing - desired;
  const words = !row
    ? 'it does not exist yet'
    : generation !== observed
      ? 'its change has not been noticed yet'
      : old > 0 && ready >= desired && current >= desired
        ? `${old} old ones are ending`
        : '';
  return { daemon, desired, words, current, ready };
}
