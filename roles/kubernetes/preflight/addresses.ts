import { ProvisionError } from '../../../provision/index.ts';
import { nodeAddress } from '../address.ts';
import { contains, within } from '../subnets.ts';
import type { Inspected } from './probe.ts';
import type { Problem, Subnets } from './problem.ts';

/** Neither the addresses of the host nor its routes are in the networks of pods and services. */
export function addresses(seen: Inspected, subnets: Subnets): Problem[] {
  const inside = Object.entries(subnets).flatMap(([name, subnet]): Problem[] => {
    const own = seen.facts.addresses.find((one) => within(one, [subnet]));
    const route = seen.routes.find((one) => isWithin(one, subnet));
    if (own === undefined && route === undefined) return [];
    const found = own === undefined ? `route "${route}"` : `address ${own}`;
    return [
      {
        what: `its ${found} is in kubernetes.${name}, ${subnet}`,
        todo: `choose a network that nothing else uses: -e kubernetes.${name}=…`,
      },
    ];
  });
  return inside.length > 0 ? inside : ownAddress(seen, subnets);
}

/** The connected networks of a host that contain the network of pods or services. */
export const around = ({ host, routes }: Inspected, subnets: Subnets): readonly string[] =>
  routes.flatMap((route) => {
    const to = targetOf(route);
    if (to === undefined || !/ scope link/.test(route)) return [];
    return Object.entries(subnets)
      .filter(([, subnet]) => to !== subnet && contains(to, subnet))
      .map(
        ([name, subnet]) =>
          `${host.name}: its network ${to} contains kubernetes.${name}, ${subnet}, so machines with addresses in it cannot be reached`,
      );
  });

const isWithin = (route: string, subnet: string) => {
  const to = targetOf(route);
  return to !== undefined && contains(subnet, to);
};

/** The destination of a route, unless it is the default route. */
function targetOf(route: string): string | undefined {
  const to = /^(?:[a-z]+ )?(\d+\.\d+\.\d+\.\d+(?:\/\d+)?)(?: |$)/.exec(route)?.[1];
  return to?.endsWith('/0') ? undefined : to;
}

/** The address at which other nodes reach a host, or why there is none. */
export function addressOf({ host, facts }: Inspected, subnets: Subnets): string | Problem {
  try {
    return nodeAddress(host, facts, Object.values(subnets));
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error;
    const { what, why, todo = 'set its address' } = error.parts;
    return { what, todo, ...(why === undefined ? {} : { why }) };
  }
}

/** The kubelet starts only with an address that its host has. */
function ownAddress(seen: Inspected, subnets: Subnets): Problem[] {
  const { addresses } = seen.facts;
  const address = addressOf(seen, subnets);
  if (typeof address !== 'string') return [address];
  if (addresses.length === 0 || addresses.includes(address)) return [];
  return [
    {
      what: `has no address ${address}`,
      why: `its addresses are ${addresses.join(', ')}`,
      todo: 'correct its address in machines.yml, or its private_address in the inventory',
    },
  ];
}
