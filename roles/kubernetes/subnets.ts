import { BlockList, isIPv4 } from 'node:net';

/** Whether an IPv4 address is in one of these subnets, such as 10.244.0.0/16. */
export function within(address: string, subnets: readonly string[]): boolean {
  if (!isIPv4(address)) return false;
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = '', length] = subnet.split('/');
    list.addSubnet(network, Number(length), 'ipv4');
  }
  return list.check(address);
}

/** Whether the first subnet contains the whole second one. */
export const contains = (outer: string, inner: string): boolean =>
  lengthOf(outer) <= lengthOf(inner) && within(networkOf(inner), [outer]);

/** Whether two subnets have an address in common. */
export const overlap = (one: string, other: string): boolean => contains(one, other) || contains(other, one);

const networkOf = (subnet: string) => subnet.replace(/\/.*/, '');
const lengthOf = (subnet: string) => Number(subnet.split('/')[1] ?? 32);
