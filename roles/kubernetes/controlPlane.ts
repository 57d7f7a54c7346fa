import { KUBECONFIG, kubectl, type Resource, write } from '../../provision/authoring.ts';
import { command, directory, failure, file, type Script, sh, type Text } from '../../provision/index.ts';
import { resetting } from './reset.ts';
import { APPLIED, DRAFT } from './traces.ts';

/** The key with which etcd's data is encrypted. */
export const ENCRYPTION = '/etc/kubernetes/encryption/config.yaml';

/** What a control plane is like, whether it creates the cluster or joins it. */
export interface Settings {
  readonly address: string;
  readonly config: Text;
  readonly auditPolicy: Text;
  readonly seconds: number;
  /** What runs before kubeadm creates a cluster, and brings etcd's data; undefined for an empty cluster. */
  readonly fresh?: Script | undefined;
}

/** The first control plane of a cluster, with an audit log and encrypted secrets; and each one that has joined. */
export const controlPlane = (settings: Settings, aside: Script): Resource[] => [
  ...foundation(settings),
  encryptionKey,
  initialised(settings, aside),
  answers(settings),
];

/** What the API server needs before it starts. */
export const foundation = ({ auditPolicy }: Settings): Resource[] => [
  directory('/etc/kubernetes/encryption', { mode: '0700' }),
  directory('/etc/kubernetes/audit'),
  file('/etc/kubernetes/audit/policy.yaml', { content: auditPolicy }),
];

/** Generated once, by the control plane that creates the cluster. It never leaves the control planes. */
const encryptionKey = command('encryption key', {
  unless: sh`[ -e ${ENCRYPTION} ] || [ -e ${APPLIED} ]`,
  run: sh`umask 077
{
echo 'apiVersion: apiserver.config.k8s.io/v1'
echo 'kind: EncryptionConfiguration'
echo 'resources:'
echo '  - resources: [secrets]'
echo '    providers:'
echo '      - secretbox: {keys: [{name: key1, secret: '"$(head -c 32 /dev/urandom | base64)"'}]}'
echo '      - identity: {}'
} >${`${ENCRYPTION}.draft`}
sync ${`${ENCRYPTION}.draft`}
mv ${`${ENCRYPTION}.draft`} ${ENCRYPTION}`,
});

interface State {
  /** `foreign`: there is a control plane, but this provisioner has not created it. */
  readonly is: 'absent' | 'interrupted' | 'foreign' | 'initialised';
  readonly config: string;
}

/** The cluster exists and has this configuration. A changed one is applied by the phases of `kubeadm init`. */
const initialised = (
  { config: { text }, address, seconds, fresh }: Settings,
  aside: Script,
): Resource<State> => ({
  kind: 'kubeadm',
  name: 'init',
  probe: {
    script: sh`if [ -e ${APPLIED} ]; then echo initialised; cat ${APPLIED}
elif [ -e ${DRAFT} ]; then echo interrupted
elif [ -e ${KUBECONFIG} ] || [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]; then echo foreign
else echo absent; fi`,
    read: ({ stdout }) => {
      const [is = '', ...config] = stdout.split('\n');
      return { is: is as State['is'], config: config.join('\n') };
    },
  },
  plan: ({ is, config }) => {
    if (is === 'foreign') throw foreign();
    if (is !== 'initialised')
      return [
        {
          summary: 'create a cluster',
          script: sh`${is === 'interrupted' ? resetting : aside}
${fresh ?? sh`:`}
${draft(text)}
kubeadm init --config=${DRAFT} --skip-token-print ${fresh ? ['--ignore-preflight-errors=DirAvailable--var-lib-etcd'] : []} >/dev/null
${applied}`,
        },
      ];
    if (versionless(config) === versionless(text)) return [];
    const diff = { path: APPLIED, before: config, after: text };
    return [{ summary: 'change its configuration', diff, script: changed(text, address) }];
  },
  timeout: seconds + 600,
});

/** Only an upgrade changes the version. */
const versionless = (text: string) => text.replace(/^kubernetesVersion: .*$/m, '');

const draft = (text: string) =>
  write(DRAFT, { text, secrets: [] }, { owner: 'root', group: 'root', mode: '0600' });

const applied = sh`mv -f ${DRAFT} ${APPLIED}
sync /etc/kubernetes`;

/** The kubelet starts the parts of the control plane again whose manifests have changed. */
const changed = (text: string, address: string) => sh`${draft(text)}
kubeadm init phase control-plane all --config=${DRAFT} >/dev/null
kubeadm init phase upload-config kubeadm --config=${DRAFT} >/dev/null
sleep 5
${answering(address, 120)}
kubeadm init phase addon kube-proxy --config=${DRAFT} >/dev/null
${kubectl} --namespace=kube-system rollout restart daemonset/kube-proxy >/dev/null
${applied}`;

/** Whether the API server of this control plane itself is ready, wherever the endpoint leads. */
const isReady = (address: string) =>
  sh`${kubectl} --server=${`https://${address}:6443`} get --request-timeout=5s --raw=/readyz`;

/** Waits until the API server of this control plane is ready. */
export const answering = (address: string, seconds: number) => sh`end=$(($(date +%s) + ${seconds}))
until ${isReady(address)} >/dev/null 2>&1; do
if [ "$(date +%s)" -gt "$end" ]; then ${isReady(address)} >&2; exit 1; fi
sleep 1
done`;

/** The API server of this control plane answers. Otherwise it waits. */
export const answers = ({ address, seconds }: Settings): Resource<boolean> => ({
  kind: 'kubernetes',
  name: 'API server',
  probe: {
    script: sh`${isReady(address)} 2>/dev/null || :`,
    read: ({ stdout }) => stdout.trim() === 'ok',
  },
  plan: (ready) =>
    ready ? [] : [{ summary: 'wait until it is ready', script: answering(address, seconds) }],
  timeout: seconds + 60,
  hint: 'on that host: crictl ps --all; journalctl --unit kubelet --lines 50',
});

const foreign = () =>
  failure({
    what: 'this host is already the control plane of a cluster that the provisioner did not create',
    todo: 'use another host; or, if that cluster is no longer needed, run kubeadm reset on this host, then run again',
  });
