import { type Script, sh } from '../../shell/sh.ts';

/** The administrator's access to the cluster, on each control plane; kubeadm writes it, only root can read it. */
export const ADMIN = '/etc/kubernetes/admin.conf';

/** `kubectl` on a control plane, as an administrator. Its cache is gone after a reboot. */
export const kubectl: Script = sh`kubectl --kubeconfig=${ADMIN} --cache-dir=/run/provision-kubectl`;
