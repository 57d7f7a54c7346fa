import { type Script, sh } from '../../shell/sh.ts';
import { KUBECONFIG } from './cluster.ts';

/** `kubectl` on a control plane, as an administrator. Its cache is gone after a reboot. */
export const kubectl: Script = sh`kubectl --kubeconfig=${KUBECONFIG} --cache-dir=/run/provision-kubectl`;
