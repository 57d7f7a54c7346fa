import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { startKubernetesApi } from './kubernetes.ts';
import { launch, newFolder } from './process.ts';

/** A real API server for tests of resources that run `kubectl` and `helm` on a host. It has no nodes: no pod runs. */
export interface Cluster {
  /** A folder with the programs `kubectl` and `helm`, for PATH. */
  readonly programs: string;
  /** The access of an administrator. */
  readonly kubeconfig: string;
  /** Runs `kubectl` and returns its output. */
  kubectl(...words: string[]): string;
  helm(...words: string[]): string;
  stop(): Promise<void>;
}

/** The folder with the lab's program `kubernetes` (all parts, selected by name) and `helm`. */
const PROGRAMS = process.env.THEAPP_KUBERNETES_PROGRAMS ?? '';

/** Why a test that needs an API server cannot run here, for its `skip`; false if it can. */
export const needsCluster = (): string | false =>
  ['kubernetes', 'helm'].every((name) => existsSync(join(PROGRAMS, name)))
    ? false
    : 'needs helm and the programs of Kubernetes: set THEAPP_KUBERNETES_PROGRAMS';

/** With `controllers`, Deployments get pods, which wait for a node forever. */
export async function startCluster({ controllers = false } = {}): Promise<Cluster> {
  const programs = await newFolder('cluster');
  for (const name of ['kubectl', 'kube-controller-manager'])
    symlinkSync(join(PROGRAMS, 'kubernetes'), join(programs, name));
  symlinkSync(join(PROGRAMS, 'helm'), join(programs, 'helm'));
  const { KUBECONFIG, stop } = await startKubernetesApi(PROGRAMS);
  const manager = join(programs, 'kube-controller-manager');
  const flags = [
    `--kubeconfig=${KUBECONFIG}`,
    `--cert-dir=${programs}`,
    '--secure-port=0',
    '--leader-elect=false',
  ];
  const others = controllers ? [launch(manager, flags, join(programs, 'log'))] : [];
  const run = (program: string, words: readonly string[]) =>
    execFileSync(join(programs, program), words, {
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG, HOME: programs },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  return {
    programs,
    kubeconfig: KUBECONFIG,
    kubectl: (...words) => run('kubectl', words),
    helm: (...words) => run('helm', words),
    async stop() {
      for (const one of others) await one.end('SIGKILL');
      await stop();
    },
  };
}
