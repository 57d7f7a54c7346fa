import { inputError } from '../../provision/index.ts';
import { folderOf } from './hosts.ts';

/** The help of the argument `<approach>`. */
export const approachWords = 'approach_2, or another approach with a Docker Swarm';

/** Approaches whose cluster is not a Docker Swarm, with what to use instead. */
const others: Readonly<Record<string, string>> = {
  approach_4:
    'on the control plane: sudo kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes,pods --all-namespaces',
};

/** The name of an approach that exists and has a swarm. @throws ProvisionError (input) */
export function approachOf(name: string): string {
  folderOf(name);
  const todo = others[name];
  if (todo === undefined) return name;
  throw inputError({ place: name, what: 'this command needs a Docker Swarm, and this is Kubernetes', todo });
}
