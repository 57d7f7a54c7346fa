import { type Resource, write } from '../../provision/authoring.ts';
import { type Script, sh, type Text } from '../../provision/index.ts';
import { elsewhere } from './endpoint.ts';
import { resetting } from './reset.ts';
import type { Join } from './vars.ts';

const KUBELET = '/etc/kubernetes/kubelet.conf';
/** In memory only, because it contains the token. */
export const CONFIG = '/run/provision-join.yaml';

/** Prints the SHA-256 of the public key of the cluster's certificate authority, as kubeadm compares it (RFC 7469). */
export const authorityOf = sh`if [ -e /etc/kubernetes/pki/ca.crt ]; then
openssl x509 -pubkey -noout -in /etc/kubernetes/pki/ca.crt | openssl pkey -pubin -outform der | sha256sum | cut -d ' ' -f 1
fi`;

interface State {
  /** The API server of the cluster that this host belongs to; empty if it belongs to none. */
  readonly server: string;
  readonly authority: string;
  /** Whether `kubeadm join` was interrupted. */
  readonly partial: boolean;
}

/** The host is a node of the cluster. If it belongs to an earlier cluster at the same address, it leaves that one first. */
export const joined = (join: Join, config: Text, seconds: number, aside: Script): Resource<State> => ({
  kind: 'kubeadm',
  name: 'join',
  probe: {
    script: sh`echo "server $(sed -n 's/^ *server: //p' ${KUBELET} 2>/dev/null)"
if [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || [ -e ${CONFIG} ]; then echo partial; fi
echo "authority $(${authorityOf})"`,
    read: ({ stdout }) => ({
      server: /^server (\S+)/m.exec(stdout)?.[1] ?? '',
      authority: /^authority (\w+)/m.exec(stdout)?.[1] ?? '',
      partial: /^partial$/m.test(stdout),
    }),
  },
  plan: ({ server, authority, partial }) => {
    if (server !== '' && authority === join.authority && !partial) return [];
    const expected = `https://${join.endpoint}`;
    if (server !== '' && server !== expected) throw elsewhere(server);
    const left = server !== '' || partial ? resetting : aside;
    const script = sh`${left}
${write(CONFIG, config, { owner: 'root', group: 'root', mode: '0600' })}
trap ${`rm -f ${CONFIG}`} EXIT
kubeadm join --config=${CONFIG} >/dev/null`;
    return [{ summary: `join the cluster at ${join.endpoint}`, script }];
  },
  timeout: seconds + 300,
});

/** The cluster knows the node. One that was removed while its host was away comes back with its own certificate. */
export const registered = (node: string, seconds: number): Resource<boolean> => {
  const known = sh`kubectl --kubeconfig=${KUBELET} --cache-dir=/run/provision-kubectl get node ${node}`;
  return {
    kind: 'kubernetes',
    name: `node ${node}`,
    probe: { script: sh`${known} >/dev/null 2>&1 && echo known || :`, read: ({ stdout }) => stdout !== '' },
    plan: (is) =>
      is
        ? []
        : [
            {
              summary: 'register the node',
              script: sh`i=0
until ${known} >/dev/null 2>&1; do
i=$((i+1))
# a new node registers by itself; one that was removed does so when its kubelet starts
if [ $i = 20 ]; then systemctl restart kubelet; fi
if [ $i -gt ${seconds} ]; then ${known} >&2; exit 1; fi
sleep 1
done`,
            },
          ],
    timeout: seconds + 60,
  };
};
