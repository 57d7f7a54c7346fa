import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { failure } from '../errors.ts';

/** @throws ProvisionError (failed) naming who has a port of this computer's loopback that the machine is to have */
export async function requireFree(machine: string, lab: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const code = await tryPort(port);
    if (code === undefined) continue;
    const taken = code === 'EADDRINUSE';
    throw failure({
      place: machine,
      what: `port ${port} of this computer cannot be forwarded`,
      why: taken
        ? `${userOf(port) ?? 'another program'} uses it`
        : code === 'EACCES'
          ? 'only root may have it'
          : code,
      todo: `${taken ? 'end that program' : 'run as root'}, or choose another port under "forward" in approaches/${lab}/machines.yml`,
    });
  }
}

export const isFree = async (port: number) => (await tryPort(port)) === undefined;

/**
 * A port that nobody has, below those that Linux gives to clients: a server that ends for a while could not have one
 * of those again while a client somewhere has it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (await isFree(port)) return port;
  }
}

/** The error code with which a port is refused. */
function tryPort(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'refused'));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}

/** Who listens on a TCP port: `nginx (process 123)`, or the lab's machine; from /proc, as far as it may be read. */
export function userOf(port: number): string | undefined {
  const inode = ['/proc/net/tcp', '/proc/net/tcp6'].map((table) => listener(table, port)).find(Boolean);
  if (!inode) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (!holds(pid, `socket:[${inode}]`)) continue;
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const machine = words.find((word) => word.startsWith('theapp-lab/'));
    if (machine) {
      const [, lab = '', name = ''] = machine.split('/');
      return `the machine ${name} of the lab ${lab} (npm run lab -- down ${lab})`;
    }
    return `${words[0]?.split('/').at(-1)} (process ${pid})`;
  }
  return undefined;
}

/** The socket's inode in a table of proc(5): local address `IP:PORT` in hexadecimal, state 0A is listening. */
function listener(table: string, port: number): string | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  try {
    const rows = readFileSync(table, 'utf8')
      .split('\n')
      .map((row) => row.trim().split(/\s+/));
    return rows.find(([, local, , state]) => local?.endsWith(`:${hex}`) && state === '0A')?.[9];
  } catch {
    return undefined;
  }
}

function holds(pid: string, socket: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => readlinkSync(`${folder}/${fd}`) === socket);
  } catch {
    return false;
  }
}
