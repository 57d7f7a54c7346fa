import { type Facts, failure, type Host } from '../../provision/index.ts';

/** Of Docker's own bridges, at which no other machine finds this one. */
const BRIDGE = /^172\.(1[7-9]|2\d|3[01])\.0\.1$/;

/**
 * Where the other nodes reach a host: for managers, for the overlay networks, for joining.
 *
 * @throws ProvisionError (failed) when it could be one of several
 */
export function addressOf(
  host: Pick<Host, 'name' | 'privateAddress'>,
  facts: Pick<Facts, 'addresses'>,
): string {
  if (host.privateAddress !== undefined) return host.privateAddress;
  // Nobody has asked it yet: --list.
  if (facts.addresses.length === 0) return '0.0.0.0';
  const usable = facts.addresses.filter((one) => /^[\d.]+$/.test(one) && !BRIDGE.test(one));
  const [only, ...more] = usable;
  if (only !== undefined && more.length === 0) return only;
  throw failure({
    place: host.name,
    what: 'it is not clear at which address the other nodes reach this host',
    why: `it has ${usable.join(', ') || 'none'}`,
    todo: 'give it an address in machines.yml, or a private_address in the inventory',
  });
}
