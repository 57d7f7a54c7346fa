import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { failure } from '../errors.ts';

/** @throws ProvisionError (failed) if a port for the machine is in use on this computer, with the program that uses it */
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
          ? 'only root can use it'
          : code,
      todo: `${taken ? 'stop that program' : 'run as root'}, or choose another port under "forward" in approaches/${lab}/machines.yml`,
    });
  }
}

export const isFree = async (port: number) => (await tryPort(port)) === undefined;

/**
 * A free port below the range that Linux assigns to clients. A server that restarts could not reuse a port of that
 * range while a client is using it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (await isFree(port)) return port;
  }
}

/** Tries to listen on a port; returns the error code if that fails. */
function tryPort(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'refused'));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}

/** The program that listens on a TCP port, `nginx (process 123)` or a machine of the lab, if /proc shows it. */
export function userOf(port: number): string | undefined {
  const inode = ['/proc/net/tcp', '/proc/net/tcp6'].map((table) => listener(table, port)).find(Boolean);
  if (!inode) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (!holds(pid, `socket:[${inode}]`)) continue;
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const machine = words.find((word) => word.startsWith('theapp-lab/'));
    if (machine) {
      const [, lab = '', name = ''] = machine.split('/');
      return `the machine ${name} of the lab ${lab} (to remove it: npm run lab -- down ${lab})`;
    }
    return `${words[0]?.split('/').at(-1)} (process ${pid})`;
  }
  return undefined;
}

/** The inode of a socket in a table of proc(5): local address `IP:PORT` in hexadecimal, state 0A means listening. */
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
