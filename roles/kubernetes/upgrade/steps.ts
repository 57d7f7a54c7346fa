import type { Resource } from '../../../provision/authoring.ts';
import { apt, kubernetes as cluster, type Text } from '../../../provision/index.ts';
import { deploymentPatch, replicated } from '../dns.ts';
import { etcdMembers } from '../etcd.ts';
import { commands } from '../maintenance/files.ts';
import { pruned } from '../nodes.ts';
import { held } from '../packages.ts';
import type { Step, Vars } from '../vars.ts';
import { carrying } from './carrying.ts';
import { controlPlaneAt, prepared, saved } from './controlPlane.ts';
import { drained } from './drained.ts';
import { grace } from './grace.ts';
import { readyAt, running } from './kubelet.ts';
import { left, networked, rebooted } from './reboot.ts';

/** What a step needs in addition to the variables. */
interface Values {
  readonly address: string;
  readonly node_grace: number;
}

/** One step of an upgrade or a reboot, on the host that it changes or on the control plane that the run works from. */
export function stepOf(step: Step, vars: Vars, { address, node_grace }: Values, config: Text): Resource[] {
  const { version, ready_seconds: seconds, drain_seconds, members } = vars;
  const patch = deploymentPatch(members, vars.drained);
  const settings = { version, config, patch, address, seconds };
  const packages = (...names: string[]) => [
    apt.packages(names.map((name) => `${name}=${version}-*`)),
    apt.held(held),
  ];
  switch (step.does) {
    case 'prune':
      return [etcdMembers(vars.etcd), pruned([], vars.absentees, drain_seconds)];
    case 'raise-grace':
      return [...commands(vars), grace(Math.max(seconds, node_grace))];
    case 'apply':
      return [saved, ...packages('kubeadm', 'kubectl'), controlPlaneAt('apply', settings)];
    case 'node':
      return [...packages('kubeadm', 'kubectl'), controlPlaneAt('node', settings)];
    case 'settle':
      return [
        replicated(members, vars.drained),
        ...['daemonset/kube-proxy', 'deployment/coredns'].map((name) =>
          cluster.rollout(name, { namespace: 'kube-system', seconds }),
        ),
      ];
    case 'restore-grace':
      return [...commands(vars), grace(node_grace)];
    case 'prepare':
      return [...packages('kubeadm'), prepared(settings)];
    case 'kubelet':
      return [...packages('kubelet', 'kubectl'), running(version, seconds)];
    case 'drain':
      return [drained(step.node, step.everything, drain_seconds)];
    case 'leave':
      return [left(step.node, drain_seconds)];
    case 'reboot':
      return [rebooted(vars.reboot_seconds), networked(seconds)];
    case 'return':
      return [readyAt(step.node, version, seconds), carrying(step.node, vars.drained, seconds)];
  }
}
