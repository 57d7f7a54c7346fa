import { approach } from '../../provision/index.ts';
import { common } from '../../roles/common/index.ts';
import { containerd } from '../../roles/containerd/index.ts';
import { cluster } from '../../roles/kubernetes/cluster.ts';
import { kubernetes } from '../../roles/kubernetes/index.ts';

type Group = 'control-plane' | 'workers';

/** Three machines, one Kubernetes cluster. */
export default approach<Group>({
  groups: ['control-plane', 'workers'],

  async provision(context) {
    const { hosts, apply } = context;
    await apply(hosts.all, common(), containerd(), kubernetes());
    await cluster(context, hosts.all, hosts['control-plane']);
  },

  async verify() {},

  async decommission({ hosts, apply, purge }) {
    await apply(hosts.workers, kubernetes.absent({ purge }));
    await apply(hosts['control-plane'], kubernetes.absent({ purge }));
    await apply(hosts.all, containerd.absent({ purge }), common.absent());
  },

  hint: 'on the control plane: sudo kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes,pods --all-namespaces',

  urls: () => [],
});
