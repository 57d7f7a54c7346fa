import type { Resource } from '../../language/resource.ts';
import { type Script, sh } from '../../shell/sh.ts';
import { environment, KUBECONFIG, namespaceName } from '../kubernetes/cluster.ts';
import { watched } from './pods.ts';
import { releaseName } from './release.ts';

/** Where a release is. */
export interface Where {
  namespace: string;
  kubeconfig?: string;
}

/** A script that prints the revisions of a release; `previousOf` reads its output. */
export const history = (
  name: string,
  { namespace, kubeconfig = KUBECONFIG }: Where,
): Script => sh`${environment}
KUBECONFIG=${kubeconfig} helm history ${releaseName(name)} --namespace ${namespace} --output json 2>/dev/null || :`;

/** A revision of a release, as `helm history` prints it. */
export interface Revision {
  readonly revision: number;
  readonly status: string;
  readonly description: string;
}

/**
 * The revision to roll back to: the newest one that was in use and that describes something else than the current one.
 * Revisions that repeat another one, because of a repair or a rollback, describe the same. Undefined if there is none.
 */
export function previousOf(printed: string): number | undefined {
  if (printed.trim() === '') return undefined;
  const all = JSON.parse(printed) as readonly Revision[];
  const current = all.findLast(({ status }) => status === 'deployed');
  if (!current) return undefined;
  const now = describes(current, all);
  return all.findLast(
    (one) => one.status === 'superseded' && one.revision < current.revision && describes(one, all) !== now,
  )?.revision;
}

/** What a revision describes; for a rollback, what the revision describes that it goes back to. */
export function describes(one: Revision, all: readonly Revision[]): string {
  const to = Number(/^Rollback to (\d+)$/.exec(one.description)?.[1] ?? Number.NaN);
  const target = all.find(({ revision }) => revision === to);
  return target && target.revision < one.revision ? describes(target, all) : one.description;
}

/** How a rollback goes. */
export interface RollbackOptions extends Where {
  /** The revision to go back to. */
  revision: number;
  /** Wait until everything is ready; default: true. */
  wait?: boolean;
  /** Seconds; default: 300. */
  timeout?: number;
}

/** The release is as it was in a revision. Its hooks for rollbacks run. */
export function rolledBack(name: string, options: RollbackOptions): Resource<string> {
  const { revision, wait = true, timeout = 300, kubeconfig = KUBECONFIG } = options;
  const namespace = namespaceName(`helm.rollback ${releaseName(name)}`, options.namespace);
  const flags = [
    `--namespace=${namespace}`,
    '--server-side=true',
    '--force-conflicts',
    `--timeout=${timeout}s`,
    ...(wait ? ['--wait'] : []),
  ];
  return {
    kind: 'helm.rollback',
    name: `${namespace}/${name} to revision ${revision}`,
    probe: { script: history(name, options), read: ({ stdout }) => stdout },
    plan: (printed) => {
      const all = printed.trim() === '' ? [] : (JSON.parse(printed) as readonly Revision[]);
      const current = all.at(-1);
      const same = current?.revision === revision || current?.description === `Rollback to ${revision}`;
      if (current?.status === 'deployed' && same) return [];
      const script = sh`${environment}
export KUBECONFIG=${kubeconfig}
d=$(mktemp -d)
trap 'rm -rf -- "$d"' EXIT
${watched(namespace, sh`helm rollback ${name} ${revision} ${flags}`)}`;
      return [{ summary: `roll back from revision ${current?.revision ?? '?'}`, script }];
    },
    timeout: 4 * timeout + 60,
  };
}
