import { sh } from '../../provision/index.ts';

/** Undoes `kubeadm init` or `kubeadm join`: containers, certificates, etcd's data. */
export const resetting = sh`kubeadm reset --force --cri-socket=unix:///run/containerd/containerd.sock >/dev/null
rm -rf -- /etc/cni/net.d /etc/kubernetes/kubeadm.yaml /etc/kubernetes/kubeadm-next.yaml`;
