import { approach } from '../../../../provision/index.ts';
import { workload } from '../workload/index.ts';

/** The 60 tasks of the benchmark on every host. The inventory names the local files. */
export default approach({
  groups: ['bench'],
  provision: ({ hosts, apply }) => apply(hosts.bench, workload()),
  verify: async () => undefined,
  decommission: async () => undefined,
  urls: () => [],
});
