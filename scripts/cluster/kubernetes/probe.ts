import { failure, type Host, unreachable as noAnswer, ProvisionError } from '../../../provision/index.ts';
import { type Sessions, summaryOf } from '../sessions.ts';
import { type Details, detailsProbe, readDetails } from './details.ts';
import type { Objects } from './objects.ts';
import { clusterProbe, readCluster } from './query.ts';

/** The state of a cluster at one moment. */
export interface KubernetesSnapshot extends Details {
  /** The control plane that reported it. */
  readonly reporter: string;
  readonly objects: Objects;
  /** The hosts that should be nodes of the cluster. */
  readonly hosts: readonly string[];
  /** Hosts that did not answer: name → reason. Also a control plane whose API server does not. */
  readonly unreachable: Readonly<Record<string, string>>;
}

/**
 * Probes all hosts in parallel, in one round trip each. The first control plane that answers reports the state of the
 * cluster; a second round trip asks Helm and the data services there.
 *
 * @throws ProvisionError if no control plane answers
 */
export async function probe(hosts: readonly Host[], sessions: Sessions): Promise<KubernetesSnapshot> {
  const unreachable: Record<string, string> = {};
  let silent = 0;
  const answers = await Promise.all(
    hosts.map(async (host) => {
      try {
        const [printed = ''] = await sessions.read(host, [clusterProbe]);
        return { host, printed: readCluster(printed) };
      } catch (error) {
        if (error instanceof ProvisionError && error.kind === 'unreachable') silent++;
        unreachable[host.name] = summaryOf(error).replace(`${host.name}: `, '');
        return { host, printed: undefined };
      }
    }),
  );
  for (const { host, printed } of answers)
    if (printed?.error !== undefined)
      unreachable[host.name] = `its API server does not answer: ${printed.error}`;
  const { host, printed } =
    answers.find((answer) => answer.printed?.error === undefined && answer.printed) ?? {};
  if (!host || !printed || printed.error !== undefined) throw nobody(unreachable, silent === hosts.length);
  const { objects, releases } = printed;
  const [details = ''] = await sessions.read(host, [detailsProbe(releases, objects)]);
  return {
    reporter: host.name,
    hosts: hosts.map(({ name }) => name),
    objects,
    ...readDetails(details, releases, objects),
    unreachable,
  };
}

const nobody = (unreachable: KubernetesSnapshot['unreachable'], none: boolean): ProvisionError =>
  (none ? noAnswer : failure)({
    what: none ? 'no machine of the cluster answers' : 'no control plane answers',
    said: Object.entries(unreachable)
      .map(([name, why]) => `${name}: ${why}`)
      .join('\n'),
    todo: 'npm run provision -- APPROACH creates or repairs the cluster',
  });
