import { join } from 'node:path';
import type { Context, Host } from '../../provision/index.ts';
import { nodeAddress } from '../../roles/kubernetes/address.ts';
import { kubernetes } from '../../roles/kubernetes/index.ts';
import type { Peer } from '../../roles/kubernetes/vars.ts';
import { keysOf, registry, showKeys } from '../../roles/registry/index.ts';
import { bundleProgram } from '../bundle.ts';
import { infra } from './infra/index.ts';
import { account } from './registry.ts';

type Work = Pick<Context<string>, 'apply' | 'read' | 'facts' | 'secret' | 'variables'>;

/**
 * The services of the cluster itself: the registry on its host, a control plane, which all nodes trust; and the page of
 * nodes and pods. Nothing needs the page, so it may still be starting: apply the role that this returns to wait for it.
 */
export async function servicesOn(
  work: Work,
  home: Host,
  nodes: readonly Host[],
  controlPlanes: readonly Peer[],
): Promise<ReturnType<typeof infra>> {
  const { host, port, password } = account(work);
  const at = { host, port, password };
  await work.apply(home, registry({ part: 'keys', ...at }));
  const { ca, ...keys } = keysOf(await work.read(home, showKeys));
  const { pod_subnet, service_subnet } = work.variables(home, kubernetes());
  const address = nodeAddress(home, await work.facts(home), [pod_subnet, service_subnet]);
  await work.apply(nodes, registry({ part: 'containerd', address, ca, ...at }));
  const services = {
    ...keys,
    registry_port: port,
    visualiser_program: await bundleProgram(join(import.meta.dirname, 'visualiser/main.ts')),
    api_servers: addressesOf(controlPlanes),
  };
  await work.apply(home, infra(services));
  return infra({ ...services, part: 'page' });
}

/** All of them, or none: a page that knows only some would not reach the others. */
function addressesOf(controlPlanes: readonly Peer[]): string[] {
  const known = controlPlanes.flatMap(({ address }) => address ?? []);
  return known.length === controlPlanes.length ? known : [];
}
