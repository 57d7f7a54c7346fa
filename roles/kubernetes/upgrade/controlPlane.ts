import { type Resource, write } from '../../../provision/authoring.ts';
import { sh, type Text } from '../../../provision/index.ts';
import { answering } from '../controlPlane.ts';
import { commandOf } from '../maintenance/files.ts';
import { BACKUPS } from '../maintenance/index.ts';
import { APPLIED, UPGRADING } from '../traces.ts';
import { apiVersion } from './found.ts';

/** In memory: only kubeadm reads it. */
const FOLDER = '/run/provision-upgrade';
const CONFIG = `${FOLDER}/config.yaml`;
/** What kubeadm changes in its own manifests: the name of a file says in which, and how. */
export const PATCHES = `${FOLDER}/patches`;
/** The version for which kubeadm has written this node's configuration of the kubelet. */
const PREPARED = '/run/provision-kubelet-version';

/** There is a snapshot of etcd from the last hour. An upgrade that continues has one from when it began. */
export const saved: Resource<boolean> = {
  kind: 'kubernetes',
  name: 'snapshot before the upgrade',
  probe: {
    script: sh`if [ -e ${UPGRADING} ]; then echo upgrading; fi
find ${BACKUPS} -maxdepth 1 -name '*Z.tar.gz' -mmin -60 2>/dev/null || :`,
    read: ({ stdout }) => stdout.trim() !== '',
  },
  plan: (exists) =>
    exists
      ? []
      : [{ summary: 'save a snapshot of etcd', script: sh`${commandOf('snapshot')} --local >/dev/null` }],
};

const owned = { owner: 'root', group: 'root', mode: '0600' };

interface State {
  readonly version: string;
  readonly interrupted: boolean;
}

/** What kubeadm needs to upgrade a control plane. */
export interface Settings {
  readonly version: string;
  readonly config: Text;
  /** A strategic merge patch for the Deployment of CoreDNS, which kubeadm writes anew. */
  readonly patch?: string | undefined;
  readonly address: string;
  readonly seconds: number;
}

/** The parts of a control plane have a version. `apply` also upgrades what the control planes share. */
export const controlPlaneAt = (
  how: 'apply' | 'node',
  { version, config, patch, address, seconds }: Settings,
): Resource<State> => ({
  kind: 'kubeadm',
  name: 'upgrade',
  probe: {
    script: sh`${apiVersion}
if [ -e ${UPGRADING} ]; then echo interrupted; fi`,
    read: ({ stdout }) => ({
      version: stdout.split('\n')[0] ?? '',
      interrupted: /^interrupted$/m.test(stdout),
    }),
  },
  plan: (state) => {
    if (state.version === version && !state.interrupted) return [];
    const summary = state.interrupted
      ? `complete the upgrade of this control plane to ${version}`
      : `upgrade this control plane from ${state.version} to ${version}`;
    const script = sh`echo ${how} >${UPGRADING}
${kubeadm(how, config, patch)}
${answering(address, seconds)}
if [ -e ${APPLIED} ]; then sed -i ${`s/^kubernetesVersion: .*/kubernetesVersion: v${version}/`} ${APPLIED}; fi
sync /etc/kubernetes
rm ${UPGRADING}`;
    return [{ summary, script }];
  },
  timeout: 3 * seconds + 900,
  hint: 'on that host: crictl ps --all; journalctl --unit kubelet --lines 50. Then run the same command again',
});

/** Its output is progress; its errors are on the other stream. The umask of the files must not become kubeadm's. */
const kubeadm = (how: 'apply' | 'node', config: Text, patch?: string) => sh`rm -rf ${FOLDER}
mkdir -p ${PATCHES}
trap ${`rm -rf ${FOLDER}`} EXIT
(
${write(CONFIG, config, owned)}
${patch === undefined ? sh`:` : write(`${PATCHES}/corednsdeployment+strategic.json`, { text: patch, secrets: [] }, owned)}
)
kubeadm upgrade ${how} --config=${CONFIG} ${how === 'apply' ? ['--yes'] : []} >&9`;

/** A worker has the kubelet's configuration of a version, which the kubelet reads when it starts. */
export const prepared = ({ version, config }: Pick<Settings, 'version' | 'config'>): Resource<string> => ({
  kind: 'kubeadm',
  name: 'upgrade',
  probe: { script: sh`cat ${PREPARED} 2>/dev/null || :`, read: ({ stdout }) => stdout.trim() },
  plan: (known) =>
    known === version
      ? []
      : [
          {
            summary: `write the configuration of its kubelet for ${version}`,
            script: sh`${kubeadm('node', config)}
echo ${version} >${PREPARED}`,
          },
        ],
});
