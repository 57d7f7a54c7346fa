import type { Node, Objects, Pod, Workload } from '../cluster/objects.ts';
import { type Access, readLists } from './api.ts';

/** What the page shows. */
export type Cluster = Pick<Objects, 'nodes' | 'pods' | 'workloads'>;

/** The lists of the API that the page shows, and the kind of their objects, which the objects themselves do not have. */
const lists = {
  '/api/v1/nodes': 'Node',
  '/api/v1/pods': 'Pod',
  '/apis/apps/v1/deployments': 'Deployment',
  '/apis/apps/v1/statefulsets': 'StatefulSet',
  '/apis/apps/v1/daemonsets': 'DaemonSet',
} as const;

/** Reads the state of the cluster. @throws Error that says why it cannot */
export async function readCluster(access: Access): Promise<Cluster> {
  return clusterOf(await readLists(access, Object.keys(lists)));
}

/** The cluster in the items of the lists, in their order. */
export function clusterOf(items: readonly (readonly unknown[])[]): Cluster {
  const [nodes = [], pods = [], ...workloads] = Object.values(lists).map((kind, at) =>
    (items[at] ?? []).map((item) => ({ ...(item as object), kind })),
  );
  return {
    nodes: nodes as readonly object[] as Node[],
    pods: (pods as readonly object[] as Listed<Pod>[]).map((pod) => withImages(pod, pod.spec)),
    workloads: (workloads.flat() as readonly object[] as ListedWorkload[]).map((workload) =>
      withImages(workload, workload.spec.template.spec),
    ),
  };
}

interface Containers {
  readonly containers: readonly { readonly image: string }[];
}
type Listed<T extends { readonly spec: object }> = T & { readonly spec: Containers };
type ListedWorkload = Workload & { readonly spec: { readonly template: { readonly spec: Containers } } };

const withImages = <T extends Pod | Workload>(object: T, { containers }: Containers): T => ({
  ...object,
  spec: { ...object.spec, images: containers.map(({ image }) => image) },
});
