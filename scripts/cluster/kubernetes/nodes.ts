import { isControlPlane, isNodeReady } from '../../../approaches/approach_4/cluster/nodes.ts';
import type { Node, Objects } from '../../../approaches/approach_4/cluster/objects.ts';
import { amountOf } from './quantity.ts';

/** A node, as `npm run status` shows it. */
export interface NodeState {
  readonly name: string;
  readonly role: 'control-plane' | 'worker';
  readonly version: string;
  readonly ready: boolean;
  /** Why it is not ready, as Kubernetes reports it. */
  readonly message?: string;
  /** No pods are scheduled to it. */
  readonly cordoned: boolean;
  readonly pods: number;
  /** CPUs. What it uses is known if metrics-server runs. */
  readonly cpu: Amount;
  /** Bytes. */
  readonly memory: Amount;
}

/** How much a node uses, and how much it has. */
export interface Amount {
  readonly used?: number;
  readonly total?: number;
}

/** The state of a node; `objects` are those of its cluster. */
export function nodeState(node: Node, { pods, usage: measured }: Objects): NodeState {
  const { name } = node.metadata;
  const ready = isNodeReady(node);
  const message = node.status.conditions?.find(({ type }) => type === 'Ready')?.message;
  const usage = measured.find((one) => one.name === name)?.usage;
  const amount = (of: 'cpu' | 'memory'): Amount => {
    const [used, total] = [amountOf(usage?.[of]), amountOf(node.status.capacity?.[of])];
    return { ...(used === undefined ? {} : { used }), ...(total === undefined ? {} : { total }) };
  };
  return {
    name,
    role: isControlPlane(node) ? 'control-plane' : 'worker',
    version: node.status.nodeInfo?.kubeletVersion?.replace(/^v/, '') ?? '?',
    ready,
    ...(ready || !message ? {} : { message }),
    cordoned: node.spec.unschedulable === true,
    pods: pods.filter((pod) => pod.spec.nodeName === name && pod.status.phase === 'Running').length,
    cpu: amount('cpu'),
    memory: amount('memory'),
  };
}

/** What is wrong with a node, one line each. */
export function nodeProblems({ metadata: { name }, status: { conditions = [] } }: Node): string[] {
  return conditions.flatMap(({ type, status, message = '' }) => {
    if (type === 'Ready') return status === 'True' ? [] : [`node ${name} is not ready: ${message}`];
    return /Pressure$/.test(type) && status === 'True' ? [`node ${name} has ${type}: ${message}`] : [];
  });
}
