import { docker, role } from '../../provision/index.ts';
import { addressOf } from './address.ts';
import { vars } from './vars.ts';

/** One host's part in a swarm. `cluster` decides which part that is, for all hosts of an approach. */
export const swarm = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, facts, host }) => {
    const address = addressOf(host, facts);
    const { subnets, members, absentees, drained } = vars;
    const settings = {
      certExpiry: vars.cert_expiry,
      caGeneration: vars.ca_generation,
      heartbeat: vars.heartbeat ?? (facts.emulated ? '30s' : '5s'),
      taskHistory: vars.task_history,
    };
    return [
      ...(vars.init ? [docker.swarm.init({ address, subnets }), docker.swarm.settings(settings)] : []),
      ...(vars.join ? [docker.swarm.join({ address, ...vars.join })] : []),
      ...(members
        ? [
            docker.swarm.nodes({ members, drained }),
            docker.swarm.nodes.pruned({ members, absentees, drainSeconds: vars.drain_seconds }),
          ]
        : []),
    ];
  },
  remove: () => [docker.swarm.leave],
});
