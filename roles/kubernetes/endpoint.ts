import type { Resource } from '../../provision/authoring.ts';
import { apt, failure, file, handler, line, service, sh, type Text } from '../../provision/index.ts';
import type { Peer } from './vars.ts';

const NAME = 'kubernetes.internal';
const HOSTS = '/etc/hosts';
const NAMED = /\skubernetes\.internal$/;
const BALANCER = '/etc/haproxy/haproxy.cfg';
/** The endpoint that each node resolves by itself: a control plane to its own API server, a worker to its balancer. */
export const ENDPOINT = `${NAME}:6443`;

/** Whether nodes resolve the endpoint by themselves. Otherwise it is a load balancer of the user, or an address. */
export const resolvesItself = (endpoint: string | null): boolean =>
  endpoint === null || endpoint === ENDPOINT;

/** What a worker needs to reach the API servers, wherever they are. */
export const packagesOfWorker = ['haproxy'];

/** A worker reaches the API servers through HAProxy on its own loopback address, which leaves out those that are down. */
export const balanced = (peers: readonly Peer[], config: Text): Resource[] => [
  // the address of a control plane that is not reached may be unknown: HAProxy knows it already
  ...(peers.some(({ address }) => address === null)
    ? []
    : [
        file(BALANCER, {
          content: config,
          validate: (draft) => sh`haproxy -c -q -f ${draft}`,
          notify: handler('reload haproxy', sh`systemctl reload-or-restart haproxy`),
        }),
      ]),
  named('127.0.0.1'),
  service('haproxy'),
];

/** A control plane reaches its own API server, which listens where the balancer of a worker does. */
export const own = (address: string): Resource[] => [
  service('haproxy', { enabled: false, running: false }),
  named(address),
];

const named = (address: string) => line(HOSTS, { line: `${address} ${NAME}`, match: NAMED });

export const noEndpoint: Resource[] = [
  line.absent(HOSTS, { match: NAMED }),
  apt.absent(packagesOfWorker, { purge: true }),
];

/** What /etc/hosts is for `kubeadm` on a host that becomes a control plane. */
export const THROUGH = '/run/provision-join.hosts';

/**
 * Runs `kubeadm` on a host that becomes a control plane. It needs an API server, and the host's own is not there yet, so
 * for this process alone the name of the endpoint leads to another control plane.
 */
export const through = (address: string, kubeadm: string) => sh`{
grep -v ${` ${NAME.replaceAll('.', '\\.')}$`} ${HOSTS} || :
echo ${`${address} ${NAME}`}
} >${THROUGH}
unshare --mount sh -c ${`mount --bind ${THROUGH} ${HOSTS} && exec ${kubeadm}`}`;

interface Belongs {
  /** Whether it runs an API server. */
  readonly controls: boolean;
  /** The API server of its cluster, as a URL; empty if it belongs to none. */
  readonly server: string;
  /** The control planes of its cluster. */
  readonly peers: readonly string[];
}

/** The host may become a worker of this cluster: it is neither a control plane nor a node of another cluster. */
export const eligible = (peers: readonly Peer[]): Resource<Belongs> => ({
  kind: 'kubernetes',
  name: 'no node of another cluster',
  probe: {
    script: sh`if [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]; then echo controls; fi
sed -n 's/^ *server: /server /p' /etc/kubernetes/kubelet.conf 2>/dev/null || :
sed -n 's/^ *server \S* \(\S*\):6443$/peer \1/p' ${BALANCER} 2>/dev/null || :`,
    read: ({ stdout }) => ({
      controls: /^controls$/m.test(stdout),
      server: /^server (\S+)$/m.exec(stdout)?.[1] ?? '',
      peers: [...stdout.matchAll(/^peer (\S+)$/gm)].map(([, peer]) => peer ?? ''),
    }),
  },
  plan: ({ controls, server, peers: known }) => {
    if (controls) throw isControlPlane();
    const shared = peers.some(({ address }) => address === null || known.includes(address));
    if (server === `https://${ENDPOINT}` && known.length > 0 && !shared) throw elsewhere(known.join(', '));
    return [];
  },
});

/** The error for a node of another cluster. */
export const elsewhere = (server: string) =>
  failure({
    what: 'this host is a node of another cluster',
    why: `the API server of that cluster is ${server}`,
    todo: 'if it should leave that cluster, run kubeadm reset on the host, then run again',
  });

const isControlPlane = () =>
  failure({
    what: 'this host is a control plane, and a node cannot become a worker',
    todo: 'remove it from the list of machines and run again; then run on that host: kubeadm reset; rm -f /etc/kubernetes/kubeadm.yaml. Then add it as a worker',
  });
