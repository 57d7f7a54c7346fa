import type { Resource } from '../../provision/authoring.ts';
import {
  directory,
  type Facts,
  file,
  handler,
  service,
  sh,
  symlink,
  systemd,
} from '../../provision/index.ts';
import { forwarder, resolverFor } from './resolver.ts';
import type { Vars } from './vars.ts';

const CONFIG = '/etc/kubernetes/kubelet.d';
const COVER = '/usr/local/sbin/provision-kubelet-settings';
const restart = handler(
  'restart kubelet',
  sh`if [ -e /etc/kubernetes/kubelet.conf ]; then systemctl restart kubelet; fi`,
);

/** Files of the kubelet outside of /etc/kubernetes, which `absent` removes. */
export const kubeletFiles = [
  COVER,
  '/etc/default/kubelet',
  '/etc/systemd/system/kubelet.service.d/container.conf',
  '/etc/tmpfiles.d/provision-kubelet.conf',
];

/** The kubelet's settings on this node. They add to those that kubeadm gives all nodes, and can change later. */
export function kubelet(vars: Vars, facts: Facts, address: string): Resource[] {
  const resolver = resolverFor(facts);
  return [
    directory('/etc/kubernetes'),
    directory(CONFIG),
    file(`${CONFIG}/50-provision.conf`, { content: settings(vars, facts, resolver), notify: restart }),
    file('/etc/default/kubelet', {
      content: `# Managed by the provisioner (role kubernetes).
KUBELET_EXTRA_ARGS="--node-ip=${address} --config-dir=${CONFIG}"
`,
      notify: restart,
    }),
    ...(resolver ? forwarder(address) : []),
    ...(facts.privileges.kernelLog ? [] : noKernelLog),
    ...(facts.kernelSettings === 'all' ? [] : coveredSettings),
    service('kubelet', { running: null }),
  ];
}

/** KubeletConfiguration (kubelet.config.k8s.io/v1beta1). Version 1 of control groups must be allowed explicitly. */
function settings(
  { node_report_seconds }: Vars,
  { cgroups, kernelSettings, emulated }: Facts,
  resolver: string | undefined,
): string {
  const report = node_report_seconds * factor({ emulated });
  return `# Managed by the provisioner (role kubernetes).
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
# the cluster issues its serving certificate; the provisioner approves the request
serverTLSBootstrap: true
nodeStatusUpdateFrequency: ${report}s
# otherwise a state that has not changed is reported every five minutes, and only a lease is renewed every ten seconds
nodeStatusReportFrequency: ${report}s
${cgroups === 1 ? 'failCgroupV1: false\n' : ''}${kernelSettings === 'all' ? '' : '# the swap of the computer does not belong to this container\nfailSwapOn: false\n'}${resolver ? `resolvConf: ${resolver}\n` : ''}`;
}

/** How much longer things take on emulated processors. */
export const factor = ({ emulated }: Pick<Facts, 'emulated'>) => (emulated ? 6 : 1);

/** The kubelet reads the kernel's log for processes that were killed for lack of memory. A container has none. */
const noKernelLog: Resource[] = [
  file('/etc/tmpfiles.d/provision-kubelet.conf', {
    content: '# Managed by the provisioner (role kubernetes).\nL /dev/kmsg - - - - /dev/null\n',
  }),
  symlink('/dev/kmsg', { target: '/dev/null' }),
];

/**
 * The kubelet refuses to start unless some settings of the kernel have the values it wants. In a container they belong to
 * the computer and are read-only, so the kubelet gets files with these values in their place.
 */
const coveredSettings: Resource[] = [
  file(COVER, {
    mode: '0755',
    content: `#!/bin/sh
# Managed by the provisioner (role kubernetes).
set -e
cover() {
  if [ "$(cat "/proc/sys/$1")" = "$2" ]; then return; fi
  mkdir -p "/run/provision-kubelet/$1"
  echo "$2" >"/run/provision-kubelet/$1/value"
  mount --bind "/run/provision-kubelet/$1/value" "/proc/sys/$1"
}
cover vm/overcommit_memory 1
cover vm/panic_on_oom 0
cover kernel/panic 10
cover kernel/panic_on_oops 1
cover kernel/keys/root_maxkeys 1000000
cover kernel/keys/root_maxbytes 25000000
`,
    notify: restart,
  }),
  systemd.dropin('kubelet', 'container', {
    content: `# Managed by the provisioner (role kubernetes).\n[Service]\nExecStartPre=${COVER}\n`,
    notify: restart,
  }),
];
