import { approach } from '../../provision/index.ts';
import { common } from '../../roles/common/index.ts';
import { docker } from '../../roles/docker/index.ts';
import { preflight } from '../../roles/preflight/index.ts';
import { cluster } from '../../roles/swarm/cluster.ts';
import { swarm } from '../../roles/swarm/index.ts';

export default approach({
  groups: ['managers', 'workers'],

  async provision(context) {
    const { hosts, apply } = context;
    await apply(hosts.all, common(), docker({ swarm: true }));
    await cluster(context, hosts.all, hosts.managers);
  },

  async verify() {},

  async decommission({ hosts, apply, purge }) {
    await apply(hosts.workers, swarm.absent());
    await apply(hosts.managers, swarm.absent());
    await apply(hosts.all, preflight.absent(), docker.absent({ purge }), common.absent());
  },

  urls: ({ hosts, url }) => hosts.all.map((host) => url(host, 80)),
});
