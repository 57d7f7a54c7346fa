import { execFile } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { skipFile } from '../../provision/testing/needs.ts';
import { enter } from '../../provision/testing/root.ts';
import { locate } from './process.ts';

const run = promisify(execFile);

/** The variable that keeps the name of the original network namespace across the move into a new one. */
const OUTSIDE = 'THEAPP_TEST_NETWORK';

const current = () => readlinkSync('/proc/self/ns/net');
const isOwn = () => process.env[OUTSIDE] !== undefined && process.env[OUTSIDE] !== current();

/**
 * Moves the test into its own network, which has only loopback and ends with it: this process is replaced by Node,
 * which runs the same file from its beginning. Skips the file if that is not possible. Call it before anything else.
 */
export function ownNetwork(): void {
  if (isOwn()) return;
  const flags = process.getuid?.() === 0 ? ['--net'] : ['--map-root-user', '--net'];
  const script = `${locate('ip', 'iproute2')} link set lo up\n`;
  skipFile(enter(flags, script, { [OUTSIDE]: current() }));
}

/** Drops every packet from and to the addresses without notice, like a pulled cable. */
export const cut = (addresses: string[]) => drop('gone', addresses);

/** Drops all packets between these and other servers. Clients at 127.0.0.1, such as TheAPP, are not affected. */
export const isolate = (addresses: string[]) => drop('alone', addresses);

/** Stops dropping packets; TCP retransmits what was lost. */
export function mend(addresses: string[]) {
  const elements = sets.map((set) => `element inet faults ${set} { ${addresses.join(', ')} }`);
  // Add before delete: nftables cannot delete a missing element, and two servers can share the address of their link.
  return nft(elements.map((element) => `add ${element}; delete ${element}`).join('; '));
}

const sets = ['gone', 'alone'] as const;

async function drop(set: (typeof sets)[number], addresses: string[]) {
  if (!isOwn())
    throw new Error('packets are only dropped in the network namespace of a test: call ownNetwork() first');
  if (addresses.includes('127.0.0.1')) throw new Error('a server must have its own address to be cut off');
  await nft(`add table inet faults
    add set inet faults gone { type ipv4_addr; }
    add set inet faults alone { type ipv4_addr; }
    add chain inet faults input { type filter hook input priority 0; }
    flush chain inet faults input
    add rule inet faults input ip saddr @gone drop
    add rule inet faults input ip daddr @gone drop
    add rule inet faults input ip saddr @alone ip daddr != 127.0.0.1 drop
    add rule inet faults input ip daddr @alone ip saddr != 127.0.0.1 drop
    add element inet faults ${set} { ${addresses.join(', ')} }`);
}

async function nft(commands: string) {
  await run(locate('nft', 'nftables'), [commands.replaceAll(/\s*\n\s*/g, '; ')]);
}
