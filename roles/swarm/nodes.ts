import { type Context, type Facts, type Host, sh } from '../../provision/index.ts';
import { markerOf } from '../preflight/index.ts';
import { addressOf } from './address.ts';
import { type Node, nodesOf, readNodes, readSwarm, type Swarm, swarmOf } from './state.ts';

/** What a cluster is made with: an approach's context, of whatever groups. */
export type Work = Pick<Context<string>, 'apply' | 'read' | 'remaining' | 'facts'>;

/** What one host of the cluster says of itself. */
export interface Seen {
  readonly host: Host;
  readonly address: string;
  readonly swarm: Swarm;
  /** Managers know the nodes and the tokens to join with; empty on others. */
  readonly nodes: readonly Node[];
  readonly tokens: { readonly manager: string; readonly worker: string };
  /** `name address` of the nodes that it has proven to reach. */
  readonly ports: readonly string[];
  readonly overlay: readonly string[];
}

const script = sh`${swarmOf}
echo '--- ports'
cat ${markerOf('ports')} 2>/dev/null || :
echo '--- overlay'
cat ${markerOf('overlay')} 2>/dev/null || :
echo '--- nodes'
${nodesOf}
echo '--- tokens'
if [ "$(docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null)" = true ]; then
docker swarm join-token --quiet manager
docker swarm join-token --quiet worker
fi`;

/** One look at each host that the run still reaches. Who fails now has left the run, and is left out. */
export async function probeNodes(work: Work, hosts: readonly Host[]): Promise<readonly Seen[]> {
  const answers = await Promise.all(
    work.remaining(hosts).map(async (host) => {
      try {
        return seen(host, await work.facts(host), await work.read(host, script, ''));
      } catch (error) {
        if (work.remaining([host]).length > 0) throw error;
        return [];
      }
    }),
  );
  return answers.flat();
}

/** What a host answered to `script`. */
export function seen(host: Host, facts: Pick<Facts, 'addresses'>, answer: string): Seen {
  const [own = '', ports = '', overlay = '', nodes = '', tokens = ''] = answer.split(/^--- \w+$/m);
  const [manager = '', worker = ''] = linesOf(tokens);
  const swarm = readSwarm({ stdout: own });
  return {
    host,
    address: addressOf(host, facts),
    swarm,
    nodes: readNodes({ stdout: nodes }),
    tokens: { manager, worker },
    ports: linesOf(ports).slice(1),
    overlay: linesOf(overlay).slice(1),
  };
}

const linesOf = (text: string) => text.split('\n').filter(Boolean);
