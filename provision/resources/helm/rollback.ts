import type { Resource } from '../../language/resource.ts';
import { sh } from '../../shell/sh.ts';
import { environment, KUBECONFIG, namespaceName } from '../kubernetes/cluster.ts';
import { history, revisionsOf, type Where } from './history.ts';
import { watched } from './pods.ts';
import { advice, releaseName } from './release.ts';

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
      const current = revisionsOf(printed).at(-1);
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
    hint: advice(name, namespace, kubeconfig),
  };
}
