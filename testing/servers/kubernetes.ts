import { existsSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { freePort, launch, newFolder } from './process.ts';
import { until } from './server.ts';

/** The API of a Kubernetes cluster without nodes: it validates, admits and stores objects, but runs nothing. */
export interface KubernetesApi {
  /** For the environment of kubectl and helm: the file has the address and an administrator's token. */
  KUBECONFIG: string;
  /** Runs kubectl. Throws with its output if it fails. */
  kubectl(args: string[], input?: string): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts etcd and kube-apiserver on loopback ports; ready within 10 s. `programs` is a folder with etcd, kube-apiserver
 * and kubectl, or with the lab's one program `kubernetes`, which contains all of them.
 */
export async function startKubernetesApi(programs: string): Promise<KubernetesApi> {
  const folder = await newFolder('kubernetes');
  const bin = await named(programs, join(folder, 'bin'));
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
  const KUBECONFIG = await credentials(folder, port);
  const kubectl = async (args: string[], input = '') =>
    (await execa(join(bin, 'kubectl'), args, { env: { KUBECONFIG }, input })).stdout;
  const start = (name: string, args: string[]) => launch(join(bin, name), args, join(folder, `${name}.log`));
  const store = start('etcd', etcdArguments(folder, client, peer));
  const server = start('kube-apiserver', apiArguments(folder, port, client));
  await until(() => kubectl(['get', '--raw', '/readyz']), server.runs, join(folder, 'kube-apiserver.log'));
  return {
    KUBECONFIG,
    kubectl,
    async stop() {
      await server.end('SIGKILL');
      await store.end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A folder in which each program has its own name, by which the lab's one program knows which part it is. */
async function named(programs: string, bin: string): Promise<string> {
  const one = join(programs, 'kubernetes');
  if (!existsSync(one)) return programs;
  await mkdir(bin);
  for (const name of ['etcd', 'kube-apiserver', 'kubectl']) await symlink(one, join(bin, name));
  return bin;
}

const token = 'the-token-of-this-test';

async function credentials(folder: string, port: number): Promise<string> {
  const file = join(folder, 'kubeconfig');
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

const etcdArguments = (folder: string, client: number, peer: number) => [
  `--data-dir=${folder}/etcd`,
  '--unsafe-no-fsync',
  `--listen-client-urls=http://127.0.0.1:${client}`,
  `--advertise-client-urls=http://127.0.0.1:${client}`,
  `--listen-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-cluster=default=http://127.0.0.1:${peer}`,
];

const apiArguments = (folder: string, port: number, etcd: number) => [
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
