import { KUBECONFIG } from '../../provision/authoring.ts';

/** The configuration that the cluster was created with, or last got. */
export const APPLIED = '/etc/kubernetes/kubeadm.yaml';
/** The configuration that is being applied: only an interrupted run leaves it. */
export const DRAFT = '/etc/kubernetes/kubeadm-next.yaml';

/** Exists while kubeadm upgrades a control plane. Contains how: `apply` or `node`. */
export const UPGRADING = '/etc/kubernetes/upgrading';

/** What a node has, and what kubeadm leaves on a host if it was interrupted. */
export const TRACES = [
  KUBECONFIG,
  '/etc/kubernetes/bootstrap-kubelet.conf',
  '/etc/kubernetes/kubelet.conf',
  DRAFT,
  '/etc/kubernetes/manifests/kube-apiserver.yaml',
];
