import { KUBECONFIG, kubectl } from '../../../provision/authoring.ts';
import { failure, type Host, type Script, sh } from '../../../provision/index.ts';
import type { Sessions } from '../sessions.ts';

/** What a person may do: `admin` everything; `view` read everything but Secrets. */
export type Access = 'admin' | 'view';

/** Who gets access, to what, and for how long. */
export interface Request {
  readonly user: string;
  readonly access: Access;
  readonly hours: number;
}

/** The group in the certificate, which RBAC gives the access. kubeadm binds the first one; `viewing` binds the second. */
const groups: Readonly<Record<Access, string>> = { admin: 'kubeadm:cluster-admins', view: 'viewers' };

/** The cluster role `view` of Kubernetes has only what is in namespaces. */
const viewing = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: view-cluster }
rules:
  - apiGroups: [""]
    resources: [nodes, persistentvolumes]
    verbs: [get, list, watch]
  - apiGroups: [metrics.k8s.io]
    resources: [nodes, pods]
    verbs: [get, list]
  - apiGroups: [storage.k8s.io]
    resources: [storageclasses]
    verbs: [get, list, watch]
---
${['view', 'view-cluster'].map(binding).join('---\n')}`;

function binding(role: string): string {
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: viewers-${role} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${role} }
subjects:
  - { apiGroup: rbac.authorization.k8s.io, kind: Group, name: ${groups.view} }
`;
}

/**
 * Prints a kubeconfig with a new key and certificate. Both exist only in memory on the control plane: nothing is written
 * there. The cluster cannot revoke a certificate, so it is valid for a limited time.
 */
const issuing = ({ user, access, hours }: Request): Script => sh`if ! [ -e ${KUBECONFIG} ]; then
echo 'this host is not a control plane' >&2
exit 1
fi
${access === 'view' ? sh`printf %s ${viewing} | ${kubectl} apply --server-side --force-conflicts --field-manager=provision --filename=- >/dev/null` : sh`:`}
umask 077
${kubectl} --namespace=kube-system get configmap kubeadm-config --output=${'jsonpath={.data.ClusterConfiguration}'} |
kubeadm kubeconfig user --config=/dev/stdin --client-name=${user} --org=${groups[access]} --validity-period=${`${hours}h0m0s`}`;

/** The kubeconfig that the first control plane issues. @throws the error of each if none does */
export async function issue(
  controlPlanes: readonly Host[],
  request: Request,
  sessions: Sessions,
): Promise<string> {
  const errors: unknown[] = [];
  for (const host of controlPlanes)
    try {
      return await sessions.run(host, issuing(request));
    } catch (error) {
      errors.push(error);
    }
  if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors);
  throw failure({ what: 'no host is in the group "control-plane"', todo: 'npm run status -- APPROACH' });
}
