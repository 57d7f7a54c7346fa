import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../../../approaches/approach_4/cluster/objects.ts';
import { kubectl } from '../../../../provision/authoring.ts';
import { failure, type Host, type Script, sh, urlOf } from '../../../../provision/index.ts';
import { USUAL } from '../../approach.ts';
import { type KubernetesSnapshot, probe } from '../../kubernetes/probe.ts';
import { nodePortOf } from '../../load/port.ts';
import { hostIn, provisioning } from '../machines.ts';
import type { Subject } from '../subject.ts';
import type { TargetOptions } from '../suite.ts';
import { autoscaledIn, isSettled, observationOf, type Replicas } from './observation.ts';

/** The Kubernetes cluster that a scenario injects a fault into, and the environment whose requests count. */
export interface Target extends Subject, Pick<TargetOptions, 'hosts' | 'power' | 'words'> {
  readonly environment: string;
  probe(): Promise<KubernetesSnapshot>;
  on(host: Host, script: Script, seconds?: number): Promise<string>;
  /** Runs `kubectl` with these arguments on a control plane that answers, in the namespace of the environment. */
  kubectl(words: Script, more?: { readonly input?: string; readonly seconds?: number }): Promise<string>;
  host(name: string): Host;
  /** The running pods of a component. @throws ProvisionError if there are none */
  pods(component: string): Promise<readonly [Pod, ...Pod[]]>;
  /** The pod with a name. @throws ProvisionError if it does not run */
  pod(name: string): Promise<Pod>;
  /** The host of a pod. */
  hostOf(pod: Pod): Host;
}

/** Seconds for which the autoscaler must not change anything before the fault, and to wait for that. */
const [SETTLED, DEADLINE] = [45, 300];

export function newTarget(options: TargetOptions): Target {
  const { approach, hosts, sessions, commands, progress, environment = USUAL } = options;
  let reporter: string | undefined;
  let before: Replicas = new Map();
  const look = async () => {
    const snapshot = await probe(hosts, sessions);
    reporter = snapshot.reporter;
    return snapshot;
  };
  const running = async (what: string, which: (pod: Pod) => boolean) => {
    const { objects } = await look();
    const [first, ...more] = objects.pods.filter(
      (pod) => pod.metadata.namespace === environment && isRunning(pod) && which(pod),
    );
    if (first) return [first, ...more] as const;
    throw failure({
      place: what,
      what: `no such pod runs in ${environment}`,
      todo: `npm run status -- ${approach}`,
    });
  };
  return {
    ...options,
    environment,
    variant: environment === USUAL ? undefined : environment,
    urls: hosts.map((host) => new URL(urlOf(host, nodePortOf(environment))).origin),
    health: '/nodez',
    probe: look,
    observe: async () => observationOf(await look(), environment, before),
    async settle() {
      let since = performance.now();
      for (const end = since + DEADLINE * 1000; performance.now() < end; await sleep(3000)) {
        const snapshot = await look();
        const now = autoscaledIn(snapshot);
        if (!isSettled(snapshot) || `${[...now]}` !== `${[...before]}`) since = performance.now();
        before = now;
        const seconds = Math.round((performance.now() - since) / 1000);
        if (now.size === 0 || seconds >= SETTLED) return;
        progress(`until the autoscaler has nothing to do: ${seconds} of ${SETTLED} s`);
      }
    },
    provision: provisioning(options),
    on: (host, script, seconds) => commands.run(host, script, seconds),
    async kubectl(words, { input, seconds } = {}) {
      const from = hostIn(hosts, reporter ?? (await look()).reporter);
      const given = input === undefined ? sh`` : sh`printf %s ${input} |`;
      return await commands.run(from, sh`${given} ${kubectl} --namespace=${environment} ${words}`, seconds);
    },
    host: (name) => hostIn(hosts, name),
    pods: (component) =>
      running(component, ({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === component),
    pod: async (name) => (await running(name, ({ metadata }) => metadata.name === name))[0],
    hostOf: ({ spec }) => hostIn(hosts, spec.nodeName ?? ''),
  };
}

const isRunning = ({ metadata, status }: Pod) => status.phase === 'Running' && !metadata.deletionTimestamp;

/** A script that sends a signal to every process of a pod's container, for the pod's node. */
export function signal({ metadata, status }: Pod, name: 'STOP' | 'KILL'): Script {
  const id = status.containerStatuses?.[0]?.containerID?.replace(/^.*:\/\//, '');
  if (id)
    return sh`ctr --namespace k8s.io tasks ps ${id} | awk 'NR > 1 { print $1 }' | xargs kill ${`-${name}`}`;
  throw failure({ place: metadata.name, what: 'the pod has no running container' });
}
