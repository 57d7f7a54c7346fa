import { role } from '../../provision/index.ts';
import { addressOf } from './address.ts';
import { nodes, others } from './members.ts';
import { begun, joined, left, settings } from './node.ts';
import { vars } from './vars.ts';

/** A host's part in a swarm. `cluster` works out which, for all hosts of an approach. */
export const swarm = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, facts, host }) => {
    const address = addressOf(host, facts);
    const { members } = vars;
    const heartbeat = vars.heartbeat ?? (facts.emulated ? '30s' : '5s');
    return [
      ...(vars.init ? [begun(address, vars.subnets), settings({ ...vars, heartbeat })] : []),
      ...(vars.join ? [joined(address, vars.join)] : []),
      ...(members ? [nodes({ ...vars, members }), others({ ...vars, members })] : []),
    ];
  },
  remove: () => [left],
});
