import { type Resource, write } from '../../provision/authoring.ts';
import { type Script, sh, type Text } from '../../provision/index.ts';
import { answers, foundation, type Settings } from './controlPlane.ts';
import { THROUGH, through } from './endpoint.ts';
import { writeShared } from './shared.ts';
import { APPLIED } from './traces.ts';
import type { Join } from './vars.ts';
import { authorityOf, CONFIG } from './worker.ts';

/** A further control plane of a cluster, on a host that is not a node. */
export const further = (settings: Settings, join: Join, config: Text, aside: Script): Resource[] => [
  ...foundation(settings),
  joined(settings, join, config, aside),
  answers(settings),
];

/** The host has joined as a control plane. It gets the configuration of kubeadm too, to which later runs compare. */
const joined = (settings: Settings, join: Join, config: Text, aside: Script): Resource<string> => ({
  kind: 'kubeadm',
  name: 'join',
  probe: {
    script: sh`if [ -e ${APPLIED} ] && [ ! -e ${CONFIG} ]; then
${authorityOf}
fi`,
    read: ({ stdout }) => stdout.trim(),
  },
  plan: (authority) => {
    if (authority === join.authority || !join.control) return [];
    const { shared, through: address, fresh } = join.control;
    const kubeadm = `kubeadm join --config=${CONFIG} >/dev/null`;
    const script = sh`${fresh ? aside : sh`:`}
${writeShared(shared)}
(
${write(CONFIG, config, { owner: 'root', group: 'root', mode: '0600' })}
)
trap ${`rm -f ${CONFIG} ${THROUGH}`} EXIT
${address === null ? sh`sh -c ${kubeadm}` : through(address, kubeadm)}
(
${write(APPLIED, settings.config, { owner: 'root', group: 'root', mode: '0600' })}
)`;
    return [{ summary: `join the cluster at ${join.endpoint} as a control plane`, script }];
  },
  timeout: settings.seconds + 600,
});
