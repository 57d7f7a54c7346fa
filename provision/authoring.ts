/** The public API for authors of resources, in addition to `index.ts`: probes, their output, and changes. */
export {
  type Batch,
  batched,
  type Change,
  type Probe,
  type Resource,
} from './language/resource.ts';
export type { TaskContext } from './language/role.ts';
export { uploading } from './resources/artefact.ts';
export {
  type ComposeQuestion,
  type ComposeState,
  composeProject,
} from './resources/docker/compose/project.ts';
export { outdated, refused as composeRefused } from './resources/docker/compose/services.ts';
export {
  type SwarmInfo,
  type SwarmNode,
  swarmNodesProbe,
  swarmProbe,
} from './resources/docker/swarm/state.ts';
export { write } from './resources/draft.ts';
export { KUBECONFIG } from './resources/kubernetes/cluster.ts';
export { kubectl } from './resources/kubernetes/kubectl.ts';
export type { Seen } from './shell/exchange.ts';
