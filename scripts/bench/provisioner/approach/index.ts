import { approach } from '../../../../provision/index.ts';
import { workload } from '../workload/index.ts';

/** The benchmark's 60 tasks on every host. The local files are given by the inventory. */
export default approach({
  groups: ['bench'],
  provision: ({ hosts, apply }) => apply(hosts.bench, workload()),
  verify: async () => undefined,
  decommission: async () => undefined,
  urls: () => [],
});
