import type { Objects, Release } from '../../../approaches/approach_4/cluster/objects.ts';
import { failure, type Host, unreachable as noAnswer, ProvisionError } from '../../../provision/index.ts';
import { type Sessions, summaryOf } from '../sessions.ts';
import { type Details, detailsProbe, readDetails } from './details.ts';
import { clusterProbe, readCluster } from './query.ts';

/** What one round trip to each host tells about a cluster. */
export interface Overview {
  /** The control plane that reported it. */
  readonly reporter: Host;
  readonly objects: Objects;
  /** What the labels of the releases tell. */
  readonly releases: readonly Release[];
  /** The hosts that should be nodes of the cluster. */
  readonly hosts: readonly string[];
  /** Hosts that did not answer: name → reason. Also a control plane whose API server does not. */
  readonly unreachable: Readonly<Record<string, string>>;
}

/** The state of a cluster at one moment. */
export interface KubernetesSnapshot extends Omit<Overview, 'reporter'>, Details {
  /** The control plane that reported it. */
  readonly reporter: string;
}

/**
 * Probes all hosts in parallel, in one round trip each. The first control plane that answers reports the state of the
 * cluster; a second round trip asks Helm and the data services there.
 *
 * @throws ProvisionError if no control plane answers
 */
export async function probe(hosts: readonly Host[], sessions: Sessions): Promise<KubernetesSnapshot> {
  const { reporter, ...overview } = await probeObjects(hosts, sessions);
  const { objects, releases } = overview;
  const [details = ''] = await sessions.read(reporter, [detailsProbe(releases, objects)]);
  return { ...overview, reporter: reporter.name, ...readDetails(details, releases, objects) };
}

/** Probes all hosts, but asks neither Helm nor the data services. @throws ProvisionError if no control plane answers */
export async function probeObjects(hosts: readonly Host[], sessions: Sessions): Promise<Overview> {
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
  for (const { host: reporter, printed } of answers)
    if (printed && printed.error === undefined) {
      const { objects, releases } = printed;
      return { reporter, objects, releases, hosts: hosts.map(({ name }) => name), unreachable };
    }
  throw nobody(unreachable, silent === hosts.length);
}

const nobody = (unreachable: KubernetesSnapshot['unreachable'], none: boolean): ProvisionError =>
  (none ? noAnswer : failure)({
    what: none ? 'no machine of the cluster answers' : 'no control plane answers',
    said: Object.entries(unreachable)
      .map(([name, why]) => `${name}: ${why}`)
      .join('\n'),
    todo: 'npm run provision -- APPROACH creates or repairs the cluster',
  });
