import { type Batch, batched, type Resource } from '../../language/resource.ts';
import { sh } from '../../shell/sh.ts';
import { word } from '../check.ts';
import { kubectl } from './kubectl.ts';

export interface RolloutOptions {
  readonly namespace: string;
  /** Seconds to wait until it is complete. */
  readonly seconds: number;
}

/**
 * A Deployment, DaemonSet or StatefulSet (`deployment/metrics-server`) whose pods are all ready and up to date.
 * Otherwise it waits. It fails with the pods and the last warnings of the namespace.
 */
export function rollout(name: string, { namespace, seconds }: RolloutOptions): Resource<string> {
  word('kubernetes.rollout', name, KIND, 'deployment/…, daemonset/… or statefulset/…');
  return {
    kind: 'kubernetes.rollout',
    name: `${namespace}/${name.replace(/^.*\//, '')}`,
    probe: batched(rollouts, `${namespace}/${name}`),
    plan: (words) => {
      if (words === 'complete') return [];
      const script = sh`if ! ${kubectl} --namespace=${namespace} rollout status ${name} --timeout=${`${seconds}s`} >/dev/null; then
${kubectl} --namespace=${namespace} get pods --output=wide >&2 || :
${kubectl} --namespace=${namespace} get events --field-selector=type=Warning --sort-by=.lastTimestamp 2>/dev/null | tail -n 6 >&2 || :
exit 1
fi`;
      return [{ summary: `wait until it is ready (${words})`, script }];
    },
    timeout: seconds + 60,
  };
}

const KIND = /^(deployment|daemonset|statefulset)\/[a-z0-9.-]+$/;

/** One process for all resources: `complete`, or what is missing in words. */
export const rollouts: Batch<string, string> = {
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

function statusOf(row: readonly string[] | undefined): string {
  if (!row) return 'it does not exist yet';
  const [generation, observed, ...rest] = row.slice(1).map((field) => Number(field) || 0);
  const [replicas = 0, updated = 0, available = 0, existing = 0, ...daemons] = rest;
  const daemon = /\/daemonset\//i.test(row[0] ?? '');
  const [desired = 0, current = 0, ready = 0] = daemon ? daemons : [replicas, updated, available];
  if (generation !== observed) return 'its change has not been noticed yet';
  if (current < desired) return `${current} of ${desired} are up to date`;
  if (ready < desired) return `${ready} of ${desired} are ready`;
  return !daemon && existing > desired ? `${existing - desired} old ones are ending` : 'complete';
}
