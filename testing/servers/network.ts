import { execFile } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { locate } from './process.ts';

const run = promisify(execFile);

/** Where the name of the network that the test was started in is kept, across the move into its own. */
const OUTSIDE = 'THEAPP_TEST_NETWORK';

const current = () => readlinkSync('/proc/self/ns/net');
const isOwn = () => process.env[OUTSIDE] !== undefined && process.env[OUTSIDE] !== current();

/**
 * Moves the test into a network of its own, which has nothing but loopback and ends with it: this process
 * becomes `unshare`, which becomes Node with the same file from its beginning. Call it before anything else.
 */
export function ownNetwork() {
  if (isOwn()) return;
  if (process.execve === undefined) throw new Error('Node 22.15 or later is needed for process.execve');
  const root = process.getuid?.() === 0;
  const shell = `${locate('ip', 'iproute2')} link set lo up && exec "$@"`;
  const node = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const words = ['unshare', root ? '-n' : '-rn', 'sh', '-c', shell, 'sh', ...node];
  process.execve(locate('unshare', 'util-linux'), words, { ...process.env, [OUTSIDE]: current() });
}

/** Drops every packet from and to the addresses, as a cable that is pulled: nobody is told. */
export const cut = (addresses: string[]) => drop('gone', addresses);

/** Drops what they and other servers say to each other; who asks from 127.0.0.1, as TheAPP does, is answered. */
export const isolate = (addresses: string[]) => drop('alone', addresses);

/** Lets the packets through again; what was lost meanwhile, TCP sends again by itself. */
export function mend(addresses: string[]) {
  const elements = sets.map((set) => `element inet faults ${set} { ${addresses.join(', ')} }`);
  // What is deleted has to be there, and two servers can share the address of their link.
  return nft(elements.map((element) => `add ${element}; delete ${element}`).join('; '));
}

const sets = ['gone', 'alone'] as const;

async function drop(set: (typeof sets)[number], addresses: string[]) {
  if (!isOwn()) throw new Error('packets are only dropped in a network of the test: call ownNetwork() first');
  if (addresses.includes('127.0.0.1')) throw new Error('a server that is cut needs an address of its own');
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
