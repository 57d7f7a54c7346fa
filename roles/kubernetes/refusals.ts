import { failure, type Host } from '../../provision/index.ts';
import { belongs, namesOf } from './leader.ts';
import type { Surveyed } from './survey.ts';
import type { Vars } from './vars.ts';

/** What a run found before its first change to the cluster, and what it should be. */
export interface Found {
  readonly leader: Surveyed;
  /** The address of the leader. */
  readonly address: string;
  readonly surveyed: readonly Surveyed[];
  readonly controlPlanes: readonly Host[];
  readonly vars: Pick<Vars, 'endpoint' | 'pod_subnet' | 'service_subnet'>;
}

/** Refuses what a running cluster cannot become. @throws ProvisionError (failed) */
export function refuse(found: Found): void {
  const { leader } = found;
  if (leader.controls) unchanged(found);
  for (const one of others(found)) {
    if (one.authority !== leader.authority && (one.controls || one.node)) throw ofAnother(one);
    if (one.node && !one.serves && leader.nodes.some(({ name }) => name === one.host.name))
      throw isWorker(one);
    if (one.controls && leader.controls && one.encryption !== leader.encryption) throw otherKey(leader, one);
  }
  if (leader.controls) complete(found);
}

/** The other control planes, as far as they are reached. */
const others = ({ leader, surveyed, controlPlanes }: Found) =>
  surveyed.filter(
    ({ host }) => host.name !== leader.host.name && controlPlanes.some(({ name }) => name === host.name),
  );

/** What is part of all certificates, or of every node, cannot change. */
function unchanged({ leader, address, controlPlanes, vars }: Found): void {
  const table: [name: string, wanted: string | null, is: string][] = [
    ['endpoint', vars.endpoint, leader.endpoint],
    ['pod_subnet', vars.pod_subnet, leader.podSubnet],
    ['service_subnet', vars.service_subnet, leader.serviceSubnet],
  ];
  for (const [name, wanted, is] of table)
    if (wanted !== null && wanted !== is)
      throw failure({
        place: `kubernetes.${name}`,
        what: `the cluster has ${is}, which cannot become ${wanted}`,
        todo: `keep it: -e kubernetes.${name}=${is}; or decommission the cluster, and create another one`,
      });
  if (controlPlanes.length > 1 && leader.endpoint === `${address}:6443`)
    throw failure({
      what: `the endpoint of this cluster is the address of ${leader.host.name}, so it cannot get more control planes`,
      why: 'nodes would not reach another one',
      todo: 'keep one host in the group control-plane; or decommission the cluster, and create another one',
    });
}

/** A control plane can only join while all members of etcd work. */
function complete(found: Found): void {
  const { leader, controlPlanes } = found;
  const reached = others(found);
  const joining = reached.filter((one) => !belongs(one, leader, controlPlanes));
  const working = [leader, ...reached].filter((one) => !one.silent || joining.includes(one));
  const down = controlPlanes.filter(
    ({ name }) => leader.etcd.includes(name) && !working.some(({ host }) => host.name === name),
  );
  if (joining.length === 0 || down.length === 0) return;
  throw failure({
    what: `${namesOf(joining.map(({ host }) => host))} cannot join as a control plane while ${namesOf(down)} does not work or is not reached`,
    why: 'etcd accepts a new member only if all others work',
    todo: 'start that machine; if it is gone for good, remove it from the list of machines, then run again',
  });
}

const ofAnother = ({ host }: Surveyed) =>
  failure({
    place: host.name,
    what: 'this host is a node of another cluster',
    todo: 'if it should leave that cluster, run on that host: kubeadm reset; rm -f /etc/kubernetes/kubeadm.yaml. Then run again',
  });

const isWorker = ({ host }: Surveyed) =>
  failure({
    place: host.name,
    what: 'this host is a worker of the cluster, and a node cannot become a control plane',
    todo: 'remove it from the list of machines and run again, which drains and removes its node; then add it to the group control-plane',
  });

const otherKey = (leader: Surveyed, { host }: Surveyed) =>
  failure({
    place: host.name,
    what: `the key of the cluster's Secrets differs from that of ${leader.host.name}`,
    why: 'the API servers could not read what the other has written',
    todo: `copy /etc/kubernetes/encryption/config.yaml from the control plane that still reads all Secrets, and restart the other's API server`,
  });
