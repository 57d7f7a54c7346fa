import { kubectl } from '../../provision/authoring.ts';
import { type Context, type Facts, type Host, sh } from '../../provision/index.ts';
import { surveyed } from '../survey.ts';
import { APPLIED } from './controlPlane.ts';
import { listNodes, type Node, parseNodes } from './nodes.ts';
import { authorityOf } from './worker.ts';

/** The part of an approach's context that is needed to create a cluster, whatever the groups. */
export type Work = Pick<Context<string>, 'apply' | 'read' | 'remaining' | 'facts' | 'variables'>;

/** What was found on one host. */
export interface Surveyed {
  readonly host: Host;
  readonly facts: Facts;
  /** The SHA-256 of the public key of the cluster's certificate authority; empty if the host belongs to no cluster. */
  readonly authority: string;
  /** Whether it is a control plane whose cluster is complete. */
  readonly controls: boolean;
  /** The nodes, which only a control plane knows; empty on other hosts, or if its API server does not answer. */
  readonly nodes: readonly Node[];
  /** Why the API server of a control plane does not answer. */
  readonly silent: string;
}

/** After a power cut, the API server takes a few seconds until it answers. */
const script = sh`echo "authority $(${authorityOf})"
if [ -e ${APPLIED} ]; then
echo controls
i=0
until ${kubectl} get --raw=/readyz >/dev/null 2>&1; do
i=$((i+1))
if [ $i -gt 60 ]; then break; fi
sleep 1
done
echo '--- nodes'
${listNodes} 2>&1 || :
fi`;

/** Surveys each host that the run still reaches. */
export const survey = (work: Work, hosts: readonly Host[]): Promise<readonly Surveyed[]> =>
  surveyed(work, hosts, script, readSurvey);

/** Reads what `script` printed on a host. */
export function readSurvey(host: Host, facts: Facts, printed: string): Surveyed {
  const [own = '', list = ''] = printed.split(/^--- nodes$/m);
  const nodes = parseNodes(list);
  return {
    host,
    facts,
    authority: /^authority (\w+)/m.exec(own)?.[1] ?? '',
    controls: /^controls$/m.test(own),
    nodes,
    silent: nodes.length > 0 ? '' : list.trim(),
  };
}
