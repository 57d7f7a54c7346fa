import { type SwarmInfo, type SwarmNode, swarmNodesProbe, swarmProbe } from '../../provision/authoring.ts';
import { type Context, type Facts, type Host, sh } from '../../provision/index.ts';
import { markerOf } from '../preflight/index.ts';
import { surveyed } from '../survey.ts';
import { addressOf } from './address.ts';

/** The part of an approach's context that is needed to create a cluster, whatever the groups. */
export type Work = Pick<Context<string>, 'apply' | 'read' | 'remaining' | 'facts'>;

/** What was found on one host. */
export interface Surveyed {
  readonly host: Host;
  readonly address: string;
  readonly swarm: SwarmInfo;
  /** The nodes and the join tokens, which only managers know; empty on other hosts. */
  readonly nodes: readonly SwarmNode[];
  readonly tokens: { readonly manager: string; readonly worker: string };
  /** `name address` of each node that the preflight tests have reached from this host. */
  readonly ports: readonly string[];
  readonly overlay: readonly string[];
}

const script = sh`${swarmProbe.script}
echo '--- ports'
cat ${markerOf('ports')} 2>/dev/null || :
echo '--- overlay'
cat ${markerOf('overlay')} 2>/dev/null || :
echo '--- nodes'
${swarmNodesProbe.script}
echo '--- tokens'
if [ "$(docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null)" = true ]; then
docker swarm join-token --quiet manager
docker swarm join-token --quiet worker
fi`;

/** Surveys each host that the run still reaches. */
export const survey = (work: Work, hosts: readonly Host[]): Promise<readonly Surveyed[]> =>
  surveyed(work, hosts, script, readSurvey);

/** Reads what `script` printed on a host. */
export function readSurvey(host: Host, facts: Pick<Facts, 'addresses'>, printed: string): Surveyed {
  const [own = '', ports = '', overlay = '', nodes = '', tokens = ''] = printed.split(/^--- \w+$/m);
  const [manager = '', worker = ''] = linesOf(tokens);
  return {
    host,
    address: addressOf(host, facts),
    swarm: swarmProbe.read({ stdout: own }),
    nodes: swarmNodesProbe.read({ stdout: nodes }),
    tokens: { manager, worker },
    ports: linesOf(ports).slice(1),
    overlay: linesOf(overlay).slice(1),
  };
}

const linesOf = (text: string) => text.split('\n').filter(Boolean);
