import { type Facts, failure, type Host } from '../../provision/index.ts';

/** Addresses of Docker's own bridges, which other machines cannot reach. */
const BRIDGE = /^172\.(1[7-9]|2\d|3[01])\.0\.1$/;

/**
 * The address at which the other nodes reach a host: to join, to manage it, and for the overlay networks.
 *
 * @throws ProvisionError (failed) when there are several possible addresses, or none
 */
export function addressOf(
  host: Pick<Host, 'name' | 'privateAddress'>,
  facts: Pick<Facts, 'addresses'>,
): string {
  if (host.privateAddress !== undefined) return host.privateAddress;
  // with --list, the host has not been asked for its addresses
  if (facts.addresses.length === 0) return '0.0.0.0';
  const usable = facts.addresses.filter((one) => /^[\d.]+$/.test(one) && !BRIDGE.test(one));
  const [only, ...more] = usable;
  if (only !== undefined && more.length === 0) return only;
  throw failure({
    place: host.name,
    what: 'the address at which the other nodes reach this host cannot be determined',
    why: usable.length > 0 ? `it has ${usable.join(', ')}` : 'it has no usable IPv4 address',
    todo: 'set its address in machines.yml, or its private_address in the inventory',
  });
}
