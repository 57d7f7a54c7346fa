import type { Cluster } from '../../../approaches/approach_2/services/swarm.ts';
import { failure, type Host, sh } from '../../../provision/index.ts';
import { type Sessions, wordsOf } from '../sessions.ts';
import { type Data, dataProbe, readData } from './data.ts';

/** All that one look at a cluster has found. */
export interface Sight {
  readonly cluster: Cluster;
  /** What the data services say of themselves, wherever they stand. */
  readonly data: Data;
  /** Hosts that did not answer: name → why. */
  readonly silent: Readonly<Record<string, string>>;
}

/**
 * Arrays of the API's objects; nothing on a host that is no manager, or whose managers have lost each other. What has
 * gone since it was listed is left out: Docker then fails, having printed the others.
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
 * One round trip to each host, side by side; a manager says what the cluster is like.
 *
 * @throws ProvisionError when no manager answers
 */
export async function probe(hosts: readonly Host[], sessions: Sessions): Promise<Sight> {
  const silent: Record<string, string> = {};
  const heard = await Promise.all(
    hosts.map(async (host) => {
      try {
        return await sessions.ask(host, [clusterProbe, dataProbe]);
      } catch (error) {
        silent[host.name] = wordsOf(error).replace(`${host.name}: `, '');
        return [];
      }
    }),
  );
  const cluster = heard.map(([text = '']) => text.trim()).find((text) => text.endsWith('}'));
  if (cluster === undefined) {
    throw failure({
      what: 'no manager of a swarm answers',
      said: Object.entries(silent)
        .map(([name, why]) => `${name}: ${why}`)
        .join('\n'),
      todo: `npm run provision brings the cluster up`,
    });
  }
  const data = readData(heard.map(([, text = ''], at) => ({ host: hosts[at]?.name ?? '', text })));
  return { cluster: JSON.parse(cluster) as Cluster, data, silent };
}
