import type { Resource, TaskContext } from '../../provision/authoring.ts';
import { kubernetes as cluster, role } from '../../provision/index.ts';
import { nodeAddress } from './address.ts';
import { controlPlane } from './controlPlane.ts';
import { replicated } from './dns.ts';
import { balanced, ENDPOINT, eligible, own, packagesOfWorker, resolvesItself } from './endpoint.ts';
import { etcdMembers } from './etcd.ts';
import { further } from './further.ts';
import { factor, kubelet } from './kubelet.ts';
import { commands } from './maintenance/files.ts';
import { fresh, maintenance } from './maintenance/index.ts';
import { pruned, ready, replaced, schedulable } from './nodes.ts';
import { packages } from './packages.ts';
import { removal, reset } from './removal.ts';
import { certificates } from './serving.ts';
import { system } from './system.ts';
import { noToken, token } from './token.ts';
import { PATCHES } from './upgrade/controlPlane.ts';
import { grace } from './upgrade/grace.ts';
import { stepOf } from './upgrade/steps.ts';
import { type Vars, vars } from './vars.ts';
import { aside, folders, unused, volumesOf } from './volumes.ts';
import { joined, registered } from './worker.ts';

type Context = TaskContext<Vars>;

/** One host's part in a cluster. `cluster` decides which part that is, for all hosts of an approach. */
export const kubernetes = role({
  folder: import.meta.dirname,
  vars,
  tasks: (context) => parts[context.vars.part](context),
  remove: ({ vars, facts, purge }) => removal(vars, facts, purge),
});

const parts: Record<Vars['part'], (context: Context) => readonly Resource[]> = {
  node: nodeOf,
  'control-plane': controlPlaneOf,
  reset: () => [reset],
  token: ({ vars }) => [etcdMembers(vars.etcd), replaced(vars.replaced, vars.drain_seconds), token],
  'no-token': () => [noToken],
  worker: (context) => {
    const { vars, host } = context;
    if (vars.join === null) return [];
    const config = context.template('join.yaml.hbs', more(context));
    return [
      joined(vars.join, config, vars.ready_seconds, aside(vars)),
      registered(host.name, vars.ready_seconds),
    ];
  },
  cluster: (context) => [...controlPlaneOf(context), etcdMembers(context.vars.etcd), ...clusterOf(context)],
  // an interrupted upgrade has left a longer grace period
  maintenance: (context) => [...maintenance(context.vars), grace(more(context).node_grace)],
  step: (context) => {
    const { step } = context.vars;
    const values = { ...more(context), patches: PATCHES };
    return step ? stepOf(step, context.vars, values, context.template('upgrade.yaml.hbs', values)) : [];
  },
};

/** What every node needs, and how a worker reaches the control planes. */
function nodeOf(context: Context): Resource[] {
  const { vars, facts, host } = context;
  const { control_planes: peers } = vars;
  const isWorker = peers.length > 0 && !peers.some((peer) => peer.host === host.name);
  const balances = isWorker && resolvesItself(vars.endpoint);
  return [
    ...(isWorker ? [eligible(peers)] : []),
    ...system(facts),
    ...packages(vars, facts, host.name, balances ? packagesOfWorker : []),
    ...kubelet(vars, facts, addressOf(context)),
    ...(balances ? balanced(peers, context.template('haproxy.cfg.hbs', more(context))) : []),
    folders(vars),
  ];
}

/** A control plane itself: it creates the cluster, or joins it. */
function controlPlaneOf(context: Context): Resource[] {
  const { vars, template, host } = context;
  const values = more(context);
  const settings = {
    address: values.address,
    config: template('kubeadm.yaml.hbs', values),
    auditPolicy: template('audit-policy.yaml.hbs'),
    seconds: vars.ready_seconds,
    fresh: fresh(vars.restore, host.name, values.address),
  };
  return [
    ...(vars.restore === null ? [] : commands(vars)),
    ...(resolvesItself(vars.endpoint) ? own(values.address) : []),
    ...(vars.join
      ? further(settings, vars.join, template('join.yaml.hbs', values), aside(vars))
      : controlPlane(settings, aside(vars))),
  ];
}

/** What is in the cluster, and which nodes it has. */
function clusterOf({ vars, template }: Context) {
  const { members, absentees, drained, ready_seconds: seconds } = vars;
  const system = { namespace: 'kube-system', seconds, missing: absentees.length };
  const local = volumesOf(members, vars);
  return [
    cluster.manifest('kube-router', { content: template('kube-router.yaml.hbs') }),
    ready(members, seconds),
    cluster.rollout('daemonset/kube-router', system),
    ...certificates(members, seconds),
    schedulable(members, drained, vars.drain_seconds),
    replicated(members, drained),
    cluster.rollout('deployment/coredns', system),
    cluster.manifest('metrics-server', { content: template('metrics-server.yaml.hbs') }),
    cluster.manifest('volumes', { content: template('storage.yaml.hbs', { local }) }),
    cluster.rollout('deployment/metrics-server', system),
    pruned(members, absentees, vars.drain_seconds),
    unused(members, absentees),
  ];
}

const addressOf = ({ vars, facts, host }: Pick<Context, 'vars' | 'facts' | 'host'>) =>
  nodeAddress(host, facts, [vars.pod_subnet, vars.service_subnet]);

/** What the configurations of kubeadm need in addition to the variables. */
function more(context: Context) {
  const { vars, facts } = context;
  const address = addressOf(context);
  const longer = factor(facts);
  return {
    address,
    endpoint: vars.endpoint ?? ENDPOINT,
    // several schedulers and controller managers elect the one that works
    several: vars.control_planes.length > 1,
    // with cgroups of version 1 or without the configuration of the kernel, kubeadm's check always fails
    unverified: facts.cgroups === 1 || facts.kernelSettings !== 'all',
    node_grace: vars.node_grace_seconds * longer,
    node_report: vars.node_report_seconds * longer,
    not_ready: vars.not_ready_seconds * longer,
    unreachable: vars.unreachable_seconds * longer,
    health_seconds: vars.ready_seconds,
    api_seconds: 60 * longer,
  };
}
