import { BlockList } from 'node:net';
import type { Facts, Host } from '../../provision/index.ts';
import { addressOf } from '../swarm/address.ts';

/** The address at which the other nodes reach a host. The cluster's own bridges on it do not count. */
export function nodeAddress(
  host: Pick<Host, 'name' | 'privateAddress'>,
  { addresses }: Pick<Facts, 'addresses'>,
  subnets: readonly string[],
): string {
  const own = new BlockList();
  for (const subnet of subnets) {
    const [network = '', length] = subnet.split('/');
    own.addSubnet(network, Number(length), 'ipv4');
  }
  return addressOf(host, { addresses: addresses.filter((one) => !own.check(one)) });
}
