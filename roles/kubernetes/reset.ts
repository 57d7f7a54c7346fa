import { sh } from '../../provision/index.ts';
import { APPLIED, DRAFT, UPGRADING } from './traces.ts';

/** Undoes `kubeadm init` or `kubeadm join`: containers, certificates, etcd's data. */
export const resetting = sh`kubeadm reset --force --cri-socket=unix:///run/containerd/containerd.sock >/dev/null
# containerd watches this folder, and would not notice a new one
if [ -d /etc/cni/net.d ]; then find /etc/cni/net.d -mindepth 1 -delete; fi
rm -f -- ${APPLIED} ${DRAFT} ${UPGRADING}`;
