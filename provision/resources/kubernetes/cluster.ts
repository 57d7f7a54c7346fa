import { failure, type ProvisionError } from '../../errors.ts';
import { sh } from '../../shell/sh.ts';
import { word } from '../check.ts';

/** The administrator's access to the cluster, on each control plane. kubeadm writes it; only root can read it. */
export const KUBECONFIG = '/etc/kubernetes/admin.conf';

/**
 * Before any call of `helm` or `kubectl`: their caches live in memory, so that they leave nothing in a home folder.
 * `quoted FILE` prints a file with a bar before each line.
 */
export const environment = sh`export HOME=/run/provision-kubernetes KUBECACHEDIR=/run/provision-kubernetes/cache
quoted() { sed 's/^/|/' "$1"; }`;

/** The error for a cluster that does not answer. */
export const silent = (said: string): ProvisionError =>
  failure({
    what: 'the Kubernetes API does not answer',
    said,
    todo: 'on a control plane: systemctl status kubelet; crictl ps -a --name kube-apiserver',
  });

/** @throws ProvisionError (input) unless it is a DNS label */
export const namespaceName = (place: string, name: string): string =>
  word(place, name, /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'the name of a namespace');
