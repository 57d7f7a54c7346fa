import type { Node, Objects, Pod, Workload } from '../approaches/approach_4/cluster/objects.ts';
import type { KubernetesSnapshot } from '../scripts/cluster/kubernetes/probe.ts';

/** A ready node with this name. */
export const node = (name: string, more: Partial<Node> = {}): Node => ({
  kind: 'Node',
  metadata: { name, labels: name === 'control-plane' ? { 'node-role.kubernetes.io/control-plane': '' } : {} },
  spec: {},
  status: {
    conditions: [{ type: 'Ready', status: 'True', message: 'kubelet is posting ready status' }],
    capacity: { cpu: '2', memory: '1835008Ki' },
    nodeInfo: { kubeletVersion: 'v1.36.3' },
  },
  ...more,
});

/** A Deployment in production with so many ready pods; its component is `app` if it is TheAPP. */
export const deployment = (
  name: string,
  replicas: number,
  status: Workload['status'] = {},
  more: Partial<Workload> = {},
): Workload => ({
  kind: 'Deployment',
  metadata: {
    name,
    namespace: 'production',
    generation: 3,
    labels: { 'app.kubernetes.io/component': name === 'theapp' ? 'app' : name },
  },
  spec: { replicas, images: [`registry:5000/${name}@sha256:${'0'.repeat(64)}`] },
  status: {
    observedGeneration: 3,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    ...status,
  },
  ...more,
});

let number = 0;
/** A ready pod of a Deployment on a node. */
export const pod = (
  workload: string,
  nodeName: string,
  status: Pod['status'] = {},
  metadata: Partial<Pod['metadata']> = {},
): Pod => ({
  kind: 'Pod',
  metadata: {
    name: `${workload}-7c9-${number++}`,
    namespace: 'production',
    uid: `uid-${number}`,
    labels: { 'pod-template-hash': '7c9' },
    ownerReferences: [{ kind: 'ReplicaSet', name: `${workload}-7c9` }],
    creationTimestamp: '2026-11-30T14:00:00Z',
    ...metadata,
  },
  spec: { nodeName },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], ...status },
});

export const nodes = [node('control-plane'), node('worker1'), node('worker2')];
export const pods = [pod('theapp', 'worker1'), pod('theapp', 'worker2')];

/** By default three nodes and two pods of TheAPP in production. */
export const snapshot = (
  objects: Partial<Objects> = {},
  more: Partial<KubernetesSnapshot> = {},
): KubernetesSnapshot => ({
  reporter: 'control-plane',
  hosts: ['control-plane', 'worker1', 'worker2'],
  objects: {
    nodes,
    pods,
    workloads: [deployment('theapp', 2)],
    autoscalers: [],
    cronJobs: [],
    usage: [],
    ...objects,
  },
  releases: ['theapp', 'theapp-data'].map((name) => ({
    namespace: 'production',
    name,
    revision: 1,
    status: 'deployed',
  })),
  data: {},
  logs: {},
  unreachable: {},
  ...more,
});
