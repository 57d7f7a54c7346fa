import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, launch, newFolder } from './process.ts';

/** A real API server with its etcd, on loopback. It has no nodes: objects can be made and compared, pods do not run. */
export interface Kubernetes {
  /** A folder with the programs `kubectl` and `helm`, for PATH. */
  readonly programs: string;
  /** The access of an administrator. */
  readonly kubeconfig: string;
  /** Runs `kubectl` and returns its output. */
  kubectl(...words: string[]): string;
  helm(...words: string[]): string;
  stop(): Promise<void>;
}

/** The folder with the programs `kubernetes` (all its parts, selected by name) and `helm`. */
const folderOfPrograms = () => process.env.THEAPP_KUBERNETES ?? '';

/** Why a test that needs an API server cannot run here, for its `skip`; false if it can. */
export const needsKubernetes = (): string | false =>
  ['kubernetes', 'helm'].every((name) => existsSync(join(folderOfPrograms(), name)))
    ? false
    : 'needs the programs kubernetes and helm in the folder that THEAPP_KUBERNETES names';

const PARTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'];

/** `controllers` also starts the controllers, which create pods for Deployments; no pod is ever scheduled. */
export async function startKubernetes({ controllers = false } = {}): Promise<Kubernetes> {
  const folder = await newFolder('kubernetes');
  for (const name of PARTS) symlinkSync(join(folderOfPrograms(), 'kubernetes'), join(folder, name));
  symlinkSync(join(folderOfPrograms(), 'helm'), join(folder, 'helm'));
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
  const log = join(folder, 'log');
  const etcd = launch(join(folder, 'etcd'), etcdFlags(folder, client, peer), log);
  writeFileSync(join(folder, 'tokens'), 'admin,admin,admin,system:masters\n');
  execFileSync('openssl', ['genrsa', '-out', join(folder, 'accounts.key'), '2048'], { stdio: 'ignore' });
  const server = launch(join(folder, 'kube-apiserver'), serverFlags(folder, client, port), log);
  const kubeconfig = join(folder, 'admin.conf');
  writeFileSync(kubeconfig, configOf(port), { mode: 0o600 });
  const end = Date.now() + 60_000;
  while (!(await isReady(port))) {
    if (!server.runs() || !etcd.runs() || Date.now() > end)
      throw new Error(`the API server did not start: ${readFileSync(log, 'utf8').slice(-2000)}`);
    await sleep(100);
  }
  const others = controllers
    ? [launch(join(folder, 'kube-controller-manager'), controllerFlags(folder), log)]
    : [];
  const run = (program: string) => (words: string[]) =>
    execFileSync(join(folder, program), words, {
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG: kubeconfig, HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  return {
    programs: folder,
    kubeconfig,
    kubectl: (...words) => run('kubectl')(words),
    helm: (...words) => run('helm')(words),
    async stop() {
      for (const one of [...others, server, etcd]) await one.end('SIGKILL');
    },
  };
}

const etcdFlags = (folder: string, client: number, peer: number) => [
  `--data-dir=${join(folder, 'etcd-data')}`,
  `--listen-client-urls=http://127.0.0.1:${client}`,
  `--advertise-client-urls=http://127.0.0.1:${client}`,
  `--listen-peer-urls=http://127.0.0.1:${peer}`,
  '--unsafe-no-fsync',
];

const serverFlags = (folder: string, client: number, port: number) => [
  `--etcd-servers=http://127.0.0.1:${client}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${port}`,
  `--cert-dir=${folder}`,
  `--token-auth-file=${join(folder, 'tokens')}`,
  '--service-account-issuer=https://kubernetes.test',
  `--service-account-key-file=${join(folder, 'accounts.key')}`,
  `--service-account-signing-key-file=${join(folder, 'accounts.key')}`,
  '--service-cluster-ip-range=10.96.0.0/16',
  '--authorization-mode=RBAC',
  '--disable-admission-plugins=ServiceAccount',
];

const controllerFlags = (folder: string) => [
  `--kubeconfig=${join(folder, 'admin.conf')}`,
  `--cert-dir=${folder}`,
  '--secure-port=0',
  '--leader-elect=false',
  '--controllers=*,-serviceaccount-token-controller',
];

const configOf = (port: number) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      { name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'admin', user: { token: 'admin' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  });

const isReady = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const request = get(
      { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, timeout: 1000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    request.on('error', () => resolve(false)).on('timeout', () => request.destroy());
  });
