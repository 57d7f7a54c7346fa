import { KUBECONFIG, kubectl, type Resource, write } from '../../provision/authoring.ts';
import { command, directory, failure, file, type Script, sh, type Text } from '../../provision/index.ts';
import { resetting } from './reset.ts';

/** The configuration that the cluster was created with, or last got. */
export const APPLIED = '/etc/kubernetes/kubeadm.yaml';
/** The configuration that is being applied: only an interrupted run leaves it. */
const DRAFT = '/etc/kubernetes/kubeadm-next.yaml';

/** The first control plane of a cluster, with an audit log and encrypted secrets. */
export const controlPlane = (config: Text, auditPolicy: Text, seconds: number, aside: Script): Resource[] => [
  directory('/etc/kubernetes/encryption', { mode: '0700' }),
  encryptionKey,
  directory('/etc/kubernetes/audit'),
  file('/etc/kubernetes/audit/policy.yaml', { content: auditPolicy }),
  initialised(config, seconds, aside),
];

const ENCRYPTION = '/etc/kubernetes/encryption/config.yaml';

/** The key with which etcd's data is encrypted. It is generated here and never leaves the control planes. */
const encryptionKey = command('encryption key', {
  creates: ENCRYPTION,
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
const initialised = ({ text }: Text, seconds: number, aside: Script): Resource<State> => ({
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
${draft(text)}
kubeadm init --config=${DRAFT} --skip-token-print >/dev/null
${applied}`,
        },
      ];
    if (config === text) return [];
    const diff = { path: APPLIED, before: config, after: text };
    return [{ summary: 'change its configuration', diff, script: changed(text) }];
  },
  timeout: seconds + 600,
});

const draft = (text: string) =>
  write(DRAFT, { text, secrets: [] }, { owner: 'root', group: 'root', mode: '0600' });

const applied = sh`mv -f ${DRAFT} ${APPLIED}
sync /etc/kubernetes`;

/** The kubelet starts the parts of the control plane again whose manifests have changed. */
const changed = (text: string) => sh`${draft(text)}
kubeadm init phase control-plane all --config=${DRAFT} >/dev/null
kubeadm init phase upload-config kubeadm --config=${DRAFT} >/dev/null
sleep 5
i=0
until ${kubectl} get --raw=/readyz >/dev/null 2>&1; do
i=$((i+1))
if [ $i -gt 120 ]; then ${kubectl} get --raw=/readyz >&2; exit 1; fi
sleep 1
done
kubeadm init phase addon kube-proxy --config=${DRAFT} >/dev/null
${kubectl} --namespace=kube-system rollout restart daemonset/kube-proxy >/dev/null
${applied}`;

const foreign = () =>
  failure({
    what: 'this host is already the control plane of a cluster that the provisioner did not create',
    todo: 'use another host; or, if that cluster is no longer needed, run kubeadm reset on this host, then run again',
  });
