import type { Inspected, Listener } from './probe.ts';
import type { Needs, Problem } from './problem.ts';

type Ports = Readonly<Record<number, string>>;

const NODE: Ports = {
  179: 'kube-router',
  10248: 'kubelet',
  10250: 'kubelet',
  10256: 'kube-proxy',
  20244: 'kube-router',
  // the API of its BGP server, which no option turns off; kube-router ends if it cannot listen there
  50051: 'kube-router',
};
const WORKER: Ports = { 6443: 'HAProxy' };
const CONTROL_PLANE: Ports = {
  2379: 'etcd',
  2380: 'etcd',
  2381: 'etcd',
  6443: 'API server',
  10257: 'controller manager',
  10259: 'scheduler',
};

/** One problem for each process that listens on ports that will be needed. */
export function ports({ listeners }: Inspected, needs: Needs): Problem[] {
  const worker = needs.balanced ? WORKER : {};
  const needed: Ports = { ...NODE, ...(needs.controlPlane ? { ...CONTROL_PLANE, ...needs.ports } : worker) };
  const taken = listeners.filter((one) => needed[one.port] !== undefined && !(needs.balanced && isOwn(one)));
  const each = Map.groupBy(taken, ({ process }) => process);
  return [...each].map(([process, all]) => {
    const own = [...new Set(all.map(({ port }) => port))].sort((a, b) => a - b);
    const names = own.map((port) => `${port} (${needed[port]})`).join(', ');
    const shows = process === undefined ? 'ss -ltnp' : `systemctl status ${process}`;
    return {
      what: `port${own.length > 1 ? 's' : ''} ${names}: in use by ${nameOf(all[0])}`,
      todo: `on that host, see which service it is (${shows}), and stop it; or use another machine`,
    };
  });
}

/** The HAProxy of a worker, which a run has set up that was interrupted before the host became a node. */
const isOwn = ({ address, program }: Listener) => address === '127.0.0.1:6443' && program === 'haproxy';

const nameOf = (one: Listener | undefined) =>
  one?.program === undefined ? 'an unknown program' : `${one.program} (process ${one.process})`;
