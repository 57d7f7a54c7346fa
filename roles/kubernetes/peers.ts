import type { Host } from '../../provision/index.ts';
import { nodeAddress } from './address.ts';
import { kubernetes } from './index.ts';
import type { Work } from './survey.ts';
import type { Peer } from './vars.ts';

/**
 * The control planes with their addresses, at which the other nodes reach them. The address of one that the run does not
 * reach is null, unless the list of machines has it.
 */
export function controlPlanesOf(
  work: Pick<Work, 'facts' | 'remaining' | 'variables'>,
  controlPlanes: readonly Host[],
): Promise<Peer[]> {
  return Promise.all(
    controlPlanes.map(async (host) => ({ host: host.name, address: await addressOf(work, host) })),
  );
}

async function addressOf(
  { facts, remaining, variables }: Pick<Work, 'facts' | 'remaining' | 'variables'>,
  host: Host,
): Promise<string | null> {
  if (host.privateAddress !== undefined) return host.privateAddress;
  const { pod_subnet, service_subnet } = variables(host, kubernetes());
  try {
    return nodeAddress(host, await facts(host), [pod_subnet, service_subnet]);
  } catch (error) {
    if (remaining([host]).length > 0) throw error;
    return null;
  }
}
