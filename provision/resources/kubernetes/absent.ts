import type { Resource } from '../../language/resource.ts';
import { sh } from '../../shell/sh.ts';
import { someOf, word } from '../check.ts';
import { KUBECONFIG, silent } from './cluster.ts';
import { kubectl } from './kubectl.ts';

/** The objects that exist, or why they are not known. */
interface AbsentState {
  readonly found: readonly string[];
  readonly error?: string;
}

/** Seconds until everything in a namespace is gone. */
const SECONDS = 180;

/**
 * Objects outside of namespaces (`namespace/page`, `clusterrole/page`) that the cluster should not have. With a namespace,
 * everything in it is deleted.
 */
export function objectsAbsent(...names: string[]): Resource<AbsentState> {
  const kind = 'kubernetes.absent';
  for (const name of someOf(kind, names))
    word(kind, name, /^[a-z]+\/[a-z0-9][a-z0-9.:-]*$/, 'a kind and a name, such as namespace/page');
  return {
    kind,
    name: names.join(', '),
    probe: {
      script: sh`if [ -e ${KUBECONFIG} ]; then ${kubectl} get ${names} --ignore-not-found --output=name; fi`,
      read: ({ code, stdout, stderr }) => ({
        found: stdout.split('\n').filter(Boolean),
        ...(code === 0 ? {} : { error: stderr }),
      }),
    },
    plan: ({ found, error }) => {
      if (error !== undefined) throw silent(error);
      if (found.length === 0) return [];
      const script = sh`${kubectl} delete ${names} --ignore-not-found --timeout=${`${SECONDS}s`} >/dev/null`;
      return [{ summary: `delete ${found.map(shortName).join(', ')}`, script }];
    },
    timeout: SECONDS + 60,
  };
}

/** `clusterrole.rbac.authorization.k8s.io/page` without its group. */
const shortName = (name: string) => name.replace(/\.[^/]*/, '');
