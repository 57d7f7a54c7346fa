import { kubectl, type Resource } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';

const TOKEN = '/run/provision-join-token';

/** A token with which hosts join, valid for a quarter of an hour, in a file that only root can read. */
export const token: Resource<boolean> = {
  kind: 'kubeadm',
  name: 'token',
  probe: {
    script: sh`find ${TOKEN} -mmin -5 2>/dev/null || :`,
    read: ({ stdout }) => stdout !== '',
  },
  plan: (recent) =>
    recent
      ? []
      : [
          {
            summary: 'create a token that is valid for 15 min',
            script: sh`umask 077
kubeadm token create --ttl=15m --description='hosts that the provisioner adds' >${`${TOKEN}.draft`}
mv -f ${`${TOKEN}.draft`} ${TOKEN}`,
          },
        ],
};

/** Prints the token. */
export const showToken = sh`cat ${TOKEN} 2>/dev/null || :`;

/** The token is no longer needed. Its first part is its name, which is not secret. */
export const noToken: Resource<boolean> = {
  kind: 'kubeadm',
  name: 'token',
  probe: { script: sh`ls ${TOKEN} 2>/dev/null || :`, read: ({ stdout }) => stdout !== '' },
  plan: (exists) =>
    exists
      ? [
          {
            summary: 'delete the token',
            script: sh`${kubectl} --namespace=kube-system delete secret --ignore-not-found bootstrap-token-"$(cut -d . -f 1 ${TOKEN})" >/dev/null
rm -f ${TOKEN}`,
          },
        ]
      : [],
};
