import type { Resource } from '../../language/resource.ts';
import { sh } from '../../shell/sh.ts';
import { environment, KUBECONFIG, namespaceName, silent } from '../kubernetes/cluster.ts';
import type { Where } from './history.ts';
import { releaseName } from './release.ts';

export interface RemovalOptions extends Where {
  /** Seconds that removing everything may take; default: 300. */
  timeout?: number;
}

/** The cluster does not have the release. Volumes that StatefulSets have claimed are kept, as Kubernetes does. */
export function removed(name: string, options: RemovalOptions): Resource<string> {
  const { timeout = 300, kubeconfig = KUBECONFIG } = options;
  const namespace = namespaceName(`helm.absent ${releaseName(name)}`, options.namespace);
  const which = [name, `--namespace=${namespace}`];
  return {
    kind: 'helm.absent',
    name: `${namespace}/${name}`,
    probe: {
      script: sh`${environment}
if ! [ -e ${kubeconfig} ] || ! command -v helm >/dev/null; then exit 0; fi
KUBECONFIG=${kubeconfig} helm get all ${which} --template 'there {{.Release.Version}}' 2>&1 || :`,
      read: ({ stdout }) => stdout.trim(),
    },
    plan: (state) => {
      if (state === '' || state.includes('release: not found')) return [];
      if (!state.includes('there ')) throw silent(state);
      const script = sh`${environment}
KUBECONFIG=${kubeconfig} helm uninstall ${which} --ignore-not-found --wait --timeout ${`${timeout}s`} >/dev/null`;
      return [{ summary: 'uninstall', script }];
    },
    timeout: 2 * timeout + 60,
  };
}
