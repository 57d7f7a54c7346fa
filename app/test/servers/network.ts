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
export async function cut(addresses: string[]) {
  if (!isOwn()) throw new Error('packets are only dropped in a network of the test: call ownNetwork() first');
  if (addresses.includes('127.0.0.1')) throw new Error('a server that is cut needs an address of its own');
  await nft(`add table inet faults
    add set inet faults gone { type ipv4_addr; }
    add chain inet faults input { type filter hook input priority 0; }
    flush chain inet faults input
    add rule inet faults input ip saddr @gone drop
    add rule inet faults input ip daddr @gone drop
    add element inet faults gone { ${addresses.join(', ')} }`);
}

/** Lets the packets through again; what was lost meanwhile, TCP sends again by itself. */
export function mend(addresses: string[]) {
  const elements = `element inet faults gone { ${addresses.join(', ')} }`;
  // Two servers can share the address of their link: what is deleted has to be there.
  return nft(`add ${elements}
    delete ${elements}`);
}

async function nft(commands: string) {
  await run(locate('nft', 'nftables'), [commands.replaceAll(/\s*\n\s*/g, '; ')]);
}
