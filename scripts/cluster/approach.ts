import { loadApproach, locate } from '../../provision/cli/approaches.ts';
import { inputError, loadMachines } from '../../provision/index.ts';
import { oneOf } from '../command/options.ts';
import { folderOf } from './hosts.ts';

/** The help of the argument `<approach>`. */
export const approachWords = 'an approach with a cluster: approach_2 or approach_4';

/** What runs the containers of a cluster. */
export type Orchestrator = 'swarm' | 'kubernetes';

/** The orchestrator of an approach: only Kubernetes has machines in the group `control-plane`. */
export function orchestratorOf(approach: string): Orchestrator {
  const machines = Object.values(loadMachines(folderOf(approach)));
  return machines.some(({ groups }) => groups.includes('control-plane')) ? 'kubernetes' : 'swarm';
}

/** The name of an approach that exists. @throws ProvisionError (input) */
export function approachOf(name: string): string {
  folderOf(name);
  return name;
}

/** The environment that is meant unless another one is named. */
export const USUAL = 'production';

/** The environments of an approach, or the one that was named. @throws ProvisionError (input) if it does not exist */
export async function environmentsOf(approach: string, named?: string): Promise<readonly string[]> {
  const { environments = [] } = await loadApproach(locate(approach));
  if (named === undefined) return environments;
  if (environments.length > 0) return [oneOf('environment', environments, named)];
  throw inputError({ place: 'environment', what: `${approach} has no environments` });
}

/** The name of an approach that is Kubernetes. @throws ProvisionError (input) */
export function kubernetesOf(name: string): string {
  if (orchestratorOf(name) === 'kubernetes') return name;
  throw inputError({ place: name, what: 'this command needs a Kubernetes cluster', todo: 'name approach_4' });
}
