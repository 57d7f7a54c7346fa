import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { KUBECONFIG } from '../provision/authoring.ts';
import { failure, type Host, type Script } from '../provision/index.ts';
import type { Sessions } from '../scripts/cluster/sessions.ts';
import type { Kubernetes } from './servers/kubernetes.ts';

/** A cluster that consists of a real API server, whose nodes and pods only exist in its records. */
export interface RecordedCluster {
  readonly hosts: readonly Host[];
  /** Scripts run on this computer; only on `control-plane` do they find a kubeconfig. */
  readonly sessions: Sessions;
  /** Adds a node that is ready. */
  addNode(name: string): void;
  /** Reports the pods of a namespace that have no node as running, on these nodes in turn. */
  startPods(namespace: string, ...nodes: string[]): void;
}

export function onCluster(api: Kubernetes): RecordedCluster {
  const run = async ({ name: place }: Host, { text }: Script): Promise<string> => {
    const own = place === 'control-plane' ? api.kubeconfig : '/nowhere';
    const { stdout, stderr, exitCode } = await execa('/bin/sh', ['-e'], {
      input: text.replaceAll(KUBECONFIG, own),
      env: { PATH: `${api.programs}:${process.env.PATH}` },
      reject: false,
    });
    if (exitCode === 0) return stdout;
    throw failure({ place, what: 'the command failed', why: `exit code ${exitCode}`, said: stderr });
  };
  return {
    hosts: ['control-plane', 'worker1', 'worker2'].map((name) => ({
      name,
      address: '',
      groups: [],
      forwarded: {},
      vars: {},
    })),
    sessions: {
      read: (host, scripts) => Promise.all(scripts.map((script) => run(host, script))),
      run,
      close: async () => undefined,
    },
    addNode: (name) => addNode(api, name),
    startPods: (namespace, ...nodes) => startPods(api, namespace, nodes),
  };
}

function addNode(api: Kubernetes, name: string): void {
  const labels = name === 'control-plane' ? { 'node-role.kubernetes.io/control-plane': '' } : {};
  api.send(
    JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } }),
    'create',
    '--filename=-',
  );
  const status = {
    conditions: [{ type: 'Ready', status: 'True', message: 'kubelet is posting ready status' }],
    capacity: { cpu: '2', memory: '2Gi' },
    nodeInfo: { kubeletVersion: 'v1.36.3' },
  };
  patchStatus(api, ['node', name], status);
}

function startPods(api: Kubernetes, namespace: string, nodes: readonly string[]): void {
  const { items } = JSON.parse(api.kubectl('get', 'pods', `--namespace=${namespace}`, '--output=json')) as {
    readonly items: readonly {
      readonly metadata: { readonly name: string };
      readonly spec: {
        readonly nodeName?: string;
        readonly containers: readonly { readonly name: string }[];
      };
    }[];
  };
  const pending = items.filter(({ spec }) => !spec.nodeName);
  for (const [at, { metadata, spec }] of pending.entries()) {
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: metadata.name },
      target: { apiVersion: 'v1', kind: 'Node', name: nodes[at % nodes.length] },
    };
    const path = `/api/v1/namespaces/${namespace}/pods/${metadata.name}/binding`;
    api.send(JSON.stringify(binding), 'create', `--raw=${path}`, '--filename=-');
    const startedAt = new Date().toISOString();
    patchStatus(api, ['pod', metadata.name, `--namespace=${namespace}`], {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: startedAt }],
      containerStatuses: spec.containers.map(({ name }) => ({
        name,
        image: name,
        imageID: name,
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt } },
      })),
    });
  }
}

const patchStatus = (api: Kubernetes, object: readonly string[], status: object) =>
  api.kubectl(
    'patch',
    ...object,
    '--subresource=status',
    '--type=merge',
    `--patch=${JSON.stringify({ status })}`,
  );

/** Asks until the answer is as wanted, for up to 30 s; the last answer. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (wanted(answer) || performance.now() > end) return answer;
    await sleep(500);
  }
}
