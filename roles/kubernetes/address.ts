import type { Facts, Host } from '../../provision/index.ts';
import { addressOf } from '../swarm/address.ts';
import { within } from './subnets.ts';

/** The address at which the other nodes reach a host. The cluster's own bridges on it do not count. */
export const nodeAddress = (
  host: Pick<Host, 'name' | 'privateAddress'>,
  { addresses }: Pick<Facts, 'addresses'>,
  subnets: readonly string[],
): string => addressOf(host, { addresses: addresses.filter((one) => !within(one, subnets)) });
