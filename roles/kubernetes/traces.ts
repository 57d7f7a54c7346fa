import { KUBECONFIG } from '../../provision/authoring.ts';

/** What a node has, and what kubeadm leaves on a host if it was interrupted. */
export const TRACES = [
  KUBECONFIG,
  '/etc/kubernetes/bootstrap-kubelet.conf',
  '/etc/kubernetes/kubelet.conf',
  '/etc/kubernetes/kubeadm-next.yaml',
  '/etc/kubernetes/manifests/kube-apiserver.yaml',
];
