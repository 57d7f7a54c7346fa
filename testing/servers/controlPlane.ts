import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { kubernetesPrograms } from './kubernetes.ts';
import { freePort, launch, newFolder, type Process } from './process.ts';
import { until } from './server.ts';

/** The folders of a control plane as the real kubeadm writes them, below a folder in place of the root. */
export interface ControlPlane {
  readonly root: string;
  /** A folder with Kubernetes' programs, for PATH. kubeadm and crictl work on `root`. */
  readonly bin: string;
  /** Runs `etcdctl` with the rights of a client and returns its output. */
  etcdctl(...words: string[]): Promise<string>;
  /** Runs `kubectl` as an administrator and returns its output. */
  kubectl(...words: string[]): Promise<string>;
  /** Starts the parts that have a manifest, as a kubelet does, and waits until they answer. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The address in kubeadm's files; nothing listens there (RFC 5737). */
export const ADDRESS = '192.0.2.10';
const PARTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

const config = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: ${ADDRESS} }
nodeRegistration: { name: home }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
encryptionAlgorithm: ECDSA-P256
apiServer: { certSANs: [127.0.0.1] }
controllerManager: { extraArgs: [{ name: node-monitor-grace-period, value: 12s }] }
`;

/** Creates a control plane named `home`, with these of its parts. */
export async function newControlPlane(
  parts: readonly (typeof PARTS)[number][] = ['etcd'],
): Promise<ControlPlane> {
  const root = await newFolder('control-plane');
  const bin = join(root, 'usr/local/bin');
  const kubernetes = join(root, 'etc/kubernetes');
  for (const path of [bin, join(root, 'run/pods'), join(root, 'var/lib'), kubernetes])
    mkdirSync(path, { recursive: true });
  const { kubernetes: program } = await kubernetesPrograms();
  for (const name of [...PARTS, 'kubectl', 'etcdctl', 'etcdutl']) symlinkSync(program, join(bin, name));
  const kubeadm = join(bin, 'kubeadm');
  // the program knows its part by its name
  mkdirSync(join(root, 'usr/lib'));
  symlinkSync(program, join(root, 'usr/lib/kubeadm'));
  writeFileSync(kubeadm, `#!/bin/sh\nexec '${root}/usr/lib/kubeadm' "$@" --rootfs '${root}'\n`, {
    mode: 0o755,
  });
  writeFileSync(join(bin, 'crictl'), crictl(join(root, 'run/pods')), { mode: 0o755 });
  writeFileSync(join(kubernetes, 'kubeadm.yaml'), config);
  for (const phase of ['certs all', 'kubeconfig all', 'etcd local', 'control-plane all'])
    await execa(kubeadm, ['init', 'phase', ...phase.split(' '), '--config=/etc/kubernetes/kubeadm.yaml']);
  await moved(kubernetes, parts);
  const pods = staticPods(root, bin);
  const keys = join(kubernetes, 'pki/etcd');
  const read = async (name: string, ...words: string[]) =>
    (await execa(join(bin, name), words)).stdout.trim();
  const etcdctl = (...words: string[]) => {
    const [, url] =
      /--advertise-client-urls=(.*)/.exec(readFileSync(join(kubernetes, 'manifests/etcd.yaml'), 'utf8')) ??
      [];
    const own = [`--cert=${keys}/healthcheck-client.crt`, `--key=${keys}/healthcheck-client.key`];
    return read('etcdctl', `--endpoints=${url}`, `--cacert=${keys}/ca.crt`, ...own, ...words);
  };
  const kubectl = (...words: string[]) =>
    read('kubectl', `--kubeconfig=${kubernetes}/super-admin.conf`, ...words);
  return {
    root,
    bin,
    etcdctl,
    kubectl,
    async start() {
      pods.start();
      await until(
        () => etcdctl('endpoint', 'health'),
        () => true,
        join(root, 'etcd.log'),
      );
      if (parts.includes('kube-apiserver'))
        await until(
          () => kubectl('get', '--raw=/readyz'),
          () => true,
          join(root, 'kube-apiserver.log'),
        );
    },
    stop: () => pods.stop(),
  };
}

/** Moves all addresses to free ports of the loopback interface, and keeps the manifests of some parts only. */
async function moved(kubernetes: string, parts: readonly string[]): Promise<void> {
  const ports = new Map<string, number>();
  for (const port of ['2379', '2380', '2381', '6443', '10257', '10259']) ports.set(port, await freePort());
  const local = (text: string) =>
    text
      .replace(/--listen-client-urls=.*/, '--listen-client-urls=https://127.0.0.1:2379')
      .replaceAll(ADDRESS, '127.0.0.1')
      .replace('--advertise-address=127.0.0.1', `--advertise-address=${ADDRESS}`)
      .replace(
        /--bind-address=.*/,
        (line) => `${line}\n    - --secure-port=${text.includes('kube-scheduler') ? 10259 : 10257}`,
      )
      .replaceAll(
        /(127\.0\.0\.1:|--secure-port=)(\d+)/g,
        (_, start, port) => `${start}${ports.get(port) ?? port}`,
      );
  for (const part of PARTS) {
    const file = join(kubernetes, `manifests/${part}.yaml`);
    if (parts.includes(part)) writeFileSync(file, local(readFileSync(file, 'utf8')));
    else rmSync(file);
  }
  for (const name of ['admin', 'super-admin', 'controller-manager', 'scheduler']) {
    const file = join(kubernetes, `${name}.conf`);
    writeFileSync(file, local(readFileSync(file, 'utf8')));
  }
}

/**
 * Runs each part that has a manifest as a process, starts it again when it ends or its manifest changes, and stops it when
 * the manifest is gone.
 */
function staticPods(root: string, bin: string) {
  const running = new Map<string, { process: Process; id: string; text: string }>();
  const pods = join(root, 'run/pods');
  let timer: NodeJS.Timeout | undefined;
  let ids = 0;
  const end = async (part: string, signal: NodeJS.Signals) => {
    const { process } = running.get(part) ?? {};
    if (process?.runs()) await process.end(signal);
    running.delete(part);
    rmSync(join(pods, part), { force: true });
  };
  const step = async (part: string) => {
    const manifest = join(root, `etc/kubernetes/manifests/${part}.yaml`);
    const pod = running.get(part);
    const stopping = pod !== undefined && existsSync(join(pods, `.stop-${pod.id}`));
    const text = existsSync(manifest) ? readFileSync(manifest, 'utf8') : undefined;
    if (pod && (stopping || pod.text !== text || !pod.process.runs())) return await end(part, 'SIGTERM');
    if (pod || text === undefined) return;
    const words = [...text.matchAll(/^ {4}- (--.*)$/gm)].map(([, word = '']) =>
      word.replace(/=\/(etc|var)\//, `=${root}/$1/`),
    );
    const id = `${part}-${++ids}`;
    running.set(part, { process: launch(join(bin, part), words, join(root, `${part}.log`)), id, text });
    writeFileSync(join(pods, part), `${id}\n`);
  };
  const tick = async () => {
    for (const part of PARTS) await step(part);
    if (timer) timer = setTimeout(tick, 200);
  };
  return {
    start() {
      timer = setTimeout(tick, 0);
    },
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      for (const part of PARTS) await end(part, 'SIGKILL');
    },
  };
}

/** `crictl ps --quiet --name NAME` and `crictl stop --timeout SECONDS ID` for these processes. */
const crictl = (pods: string) => `#!/bin/sh
case $2 in
ps) cat "${pods}/$(printf %s "$5" | tr -d '^$')" 2>/dev/null || : ;;
stop)
  : >"${pods}/.stop-$5"
  while grep -qxF "$5" "${pods}"/* 2>/dev/null; do sleep 0.2; done
  ;;
esac
`;
