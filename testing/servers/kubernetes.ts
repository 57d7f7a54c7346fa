import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { whyNoGo } from '../../provision/machines/lab/kubernetes/go.ts';
import { builtPrograms } from '../../provision/machines/lab/kubernetes/programs.ts';
import { quietly } from '../machine.ts';
import { freePort, launch, newFolder } from './process.ts';
import { until } from './server.ts';

/** The API of a Kubernetes cluster without nodes: it validates, admits and stores objects, but runs nothing. */
export interface Kubernetes {
  /** A folder with the programs `kubectl` and `helm`, for PATH. */
  readonly programs: string;
  /** The access of an administrator. */
  readonly kubeconfig: string;
  /** The port of the API server on 127.0.0.1, and the file of the authority that has signed its certificate. */
  readonly port: number;
  readonly authority: string;
  /** Runs `kubectl` and returns its output. Throws with its error if it fails. */
  kubectl(...words: string[]): string;
  /** Runs `kubectl` with this on its standard input. */
  send(input: string, ...words: string[]): string;
  helm(...words: string[]): string;
  stop(): Promise<void>;
}

/** Why a test that needs the programs of Kubernetes cannot run here, for its `skip`; false if it can. */
export async function needsKubernetes(): Promise<string | false> {
  const why = await whyNoGo();
  return why === undefined ? false : `needs Kubernetes, which the lab builds: ${why}`;
}

/** The files of the lab's programs `kubernetes` and `helm`. Builds them, which takes minutes, or waits for a build. */
export async function kubernetesPrograms(): Promise<{ kubernetes: string; helm: string }> {
  const progress = quietly();
  const { kubernetes, helm } = await builtPrograms((line) => progress('kubernetes', line));
  const [newest] = kubernetes;
  if (!newest) throw new Error('the lab has no version of Kubernetes');
  return { kubernetes: newest.file, helm };
}

/** The lab's Kubernetes is one program: the name by which it is called says which part it is. */
const PARTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl', 'kubeadm'];

/**
 * Starts etcd and an API server on loopback ports; ready within 10 s. `controllers` also starts the controllers, which
 * create pods for Deployments; no pod is ever scheduled.
 */
export async function startKubernetes({ controllers = false } = {}): Promise<Kubernetes> {
  const built = await kubernetesPrograms();
  const folder = await newFolder('kubernetes');
  const programs = join(folder, 'bin');
  await mkdir(programs);
  for (const name of PARTS) await symlink(built.kubernetes, join(programs, name));
  await symlink(built.helm, join(programs, 'helm'));
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
  const kubeconfig = await credentials(folder, port);
  const run = (program: string, words: readonly string[], input = '') =>
    execFileSync(join(programs, program), words, {
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG: kubeconfig, HOME: folder },
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    }).trimEnd();
  const start = (name: string, words: string[]) =>
    launch(join(programs, name), words, join(folder, `${name}.log`));
  const store = start('etcd', etcdWords(folder, client, peer));
  const server = start('kube-apiserver', serverWords(folder, port, client));
  await until(
    async () => run('kubectl', ['get', '--raw', '/readyz']),
    server.runs,
    join(folder, 'kube-apiserver.log'),
  );
  const others = controllers ? [start('kube-controller-manager', controllerWords(folder, kubeconfig))] : [];
  return {
    programs,
    kubeconfig,
    port,
    authority: join(folder, 'certificates', 'apiserver.crt'),
    kubectl: (...words) => run('kubectl', words),
    send: (input, ...words) => run('kubectl', words, input),
    helm: (...words) => run('helm', words),
    async stop() {
      for (const one of [...others, server, store]) await one.end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const token = 'the-token-of-this-test';

async function credentials(folder: string, port: number): Promise<string> {
  const file = join(folder, 'admin.conf');
  const server = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: server }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  await writeFile(join(folder, 'tokens'), `${token},test,test,system:masters\n`, { mode: 0o600 });
  await execa('openssl', ['genrsa', '-out', join(folder, 'accounts.key'), '2048']);
  return file;
}

const etcdWords = (folder: string, client: number, peer: number) => [
  `--data-dir=${folder}/etcd`,
  '--unsafe-no-fsync',
  `--listen-client-urls=http://127.0.0.1:${client}`,
  `--advertise-client-urls=http://127.0.0.1:${client}`,
  `--listen-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-cluster=default=http://127.0.0.1:${peer}`,
];

const serverWords = (folder: string, port: number, etcd: number) => [
  `--etcd-servers=http://127.0.0.1:${etcd}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${port}`,
  `--cert-dir=${folder}/certificates`,
  `--token-auth-file=${folder}/tokens`,
  '--authorization-mode=RBAC',
  '--service-cluster-ip-range=10.96.0.0/16',
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${folder}/accounts.key`,
  `--service-account-signing-key-file=${folder}/accounts.key`,
  // without controllers, no namespace gets its account `default`
  '--disable-admission-plugins=ServiceAccount',
];

const controllerWords = (folder: string, kubeconfig: string) => [
  `--kubeconfig=${kubeconfig}`,
  `--cert-dir=${folder}`,
  '--secure-port=0',
  '--leader-elect=false',
  // nodes of a test do not report, and would count as lost
  '--controllers=*,-serviceaccount-token-controller,-node-lifecycle-controller',
];
