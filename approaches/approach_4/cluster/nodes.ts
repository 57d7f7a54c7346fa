import type { Node } from './objects.ts';

/** Whether the kubelet of a node reports that it is ready. */
export const isNodeReady = ({ status }: Node): boolean =>
  status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';

/** Whether a node runs an API server, according to the label that kubeadm gives it. */
export const isControlPlane = ({ metadata: { labels = {} } }: Node): boolean =>
  'node-role.kubernetes.io/control-plane' in labels;
