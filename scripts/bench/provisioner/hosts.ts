import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { failure } from '../../../provision/index.ts';
import type { Base } from './base.ts';

/** One throw-away host, reached as root over SSH. */
export interface BenchHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** The hosts of one measurement. */
export interface Fleet {
  readonly hosts: readonly BenchHost[];
  /** Kills every process of every host and removes its files. */
  down(): Promise<void>;
}

/** Not 22: the computer's own sshd may listen there on all addresses. */
const PORT = 2222;
const SECONDS = 20;

/** The addresses of `count` hosts: all of 127/8 is loopback. */
export const addresses = (count: number): BenchHost[] =>
  Array.from({ length: count }, (_, i) => ({ name: `h${i + 1}`, address: `127.0.1.${i + 1}`, port: PORT }));

/** The content of a known_hosts file for them. */
export const knownHosts = (hosts: readonly BenchHost[], { hostKey }: Base) =>
  hosts.map(({ address, port }) => `[${address}]:${port} ${hostKey}\n`).join('');

/**
 * Fresh hosts over the same base. Each is one process that ends when its stdin closes, so none outlives this process.
 *
 * @throws ProvisionError (failed) with the output of a host that does not start
 */
export async function freshHosts(folder: string, base: Base, count: number): Promise<Fleet> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const hosts = addresses(count);
  const children = hosts.map((host) => start(join(folder, host.name), base, host));
  const down = async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.allSettled(children);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const ended = children.map(async (child, i) => {
      const { stderr } = await child;
      throw failure({
        place: hosts[i]?.name ?? 'host',
        what: 'the throw-away host did not start',
        said: String(stderr),
        todo: 'run it as root, with overlayfs and namespaces; in a container: --privileged',
      });
    });
    for (const one of ended) one.catch(() => undefined);
    await Promise.all(hosts.map((host, i) => Promise.race([answers(host), ended[i]])));
  } catch (error) {
    await down();
    throw error;
  }
  writeFileSync(join(folder, 'known_hosts'), knownHosts(hosts, base));
  return { hosts, down };
}

function start(folder: string, base: Base, { address, port }: BenchHost) {
  const script = join(import.meta.dirname, 'host.sh');
  const spaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child=KILL'];
  const command = ['sh', script, base.root, folder, address, String(port)];
  return execa('unshare', [...spaces, '--', ...command], { reject: false, stdin: 'pipe', stdout: 'ignore' });
}

/** Waits for the banner of sshd, which speaks first. */
async function answers({ name, address, port }: BenchHost): Promise<void> {
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end) {
    if (await greets(address, port)) return;
    await wait(50);
  }
  throw failure({ place: name, what: `no sshd answered at ${address}:${port} within ${SECONDS} s` });
}

const greets = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host, port });
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
