import type { Cluster } from '../../../approaches/approach_2/services/swarm.ts';
import { failure, type Host, unreachable as noAnswer, ProvisionError, sh } from '../../../provision/index.ts';
import { type Sessions, summaryOf } from '../sessions.ts';
import { type Data, dataProbe, readData } from './data.ts';

/** The state of a cluster at one moment. */
export interface ClusterSnapshot {
  readonly cluster: Cluster;
  /** What the data services report, on all hosts. */
  readonly data: Data;
  /** Hosts that did not answer: name → reason. */
  readonly unreachable: Readonly<Record<string, string>>;
}

/**
 * Prints arrays of API objects; nothing on a host that is not a manager, or without a quorum. An object that was
 * removed after it was listed is left out: Docker then fails after printing the others.
 */
export const clusterProbe = sh`if [ "$(docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null)" = true ]; then
nodes=$(docker node ls -q) || exit 0
services=$(docker service ls -q)
tasks=
if [ -n "$services" ]; then tasks=$(docker service ps -q $services 2>/dev/null | sort -u); fi
printf '{"nodes":'; docker node inspect $nodes || :
printf ',"services":'; if [ -n "$services" ]; then docker service inspect $services || :; else echo '[]'; fi
printf ',"tasks":'; if [ -n "$tasks" ]; then docker inspect --type task $tasks || :; else echo '[]'; fi
echo '}'
fi`;

/**
 * Probes all hosts in parallel, in one round trip each. A manager reports the state of the cluster.
 *
 * @throws ProvisionError if no manager answers
 */
export async function probe(hosts: readonly Host[], sessions: Sessions): Promise<ClusterSnapshot> {
  const unreachable: Record<string, string> = {};
  let silent = 0;
  const answers = await Promise.all(
    hosts.map(async (host) => {
      try {
        return await sessions.read(host, [clusterProbe, dataProbe]);
      } catch (error) {
        if (error instanceof ProvisionError && error.kind === 'unreachable') silent++;
        unreachable[host.name] = summaryOf(error).replace(`${host.name}: `, '');
        return [];
      }
    }),
  );
  const cluster = answers.map(([text = '']) => text.trim()).find((text) => text.endsWith('}'));
  if (cluster === undefined) {
    const none = silent === hosts.length;
    throw (none ? noAnswer : failure)({
      what: none ? 'no machine of the cluster answers' : 'no swarm manager answers',
      said: Object.entries(unreachable)
        .map(([name, why]) => `${name}: ${why}`)
        .join('\n'),
      todo: 'npm run provision -- APPROACH creates or repairs the cluster',
    });
  }
  const data = readData(answers.map(([, text = ''], at) => ({ host: hosts[at]?.name ?? '', text })));
  return { cluster: JSON.parse(cluster) as Cluster, data, unreachable };
}
