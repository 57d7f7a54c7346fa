import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { answering } from '../answering.ts';
import { type Disk, makeDisk } from './disk.ts';
import { type Network, takeNetwork } from './network.ts';

/** A Docker of the tests' own, beside whichever this computer has. */
export interface Daemon {
  /** What `docker --host` is told. */
  readonly host: string;
  readonly network: Network;
  docker(...words: string[]): Promise<string>;
  /** With `input` on its standard input. */
  feed(input: string, ...words: string[]): Promise<string>;
  /** A volume of so many GiB, by that name. */
  limited(name: string, gib: number): Promise<void>;
  close(): Promise<void>;
}

/** Its data is in a folder of its own, which goes with it. Wants root. */
export async function startDaemon(): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), 'theapp-light-'));
  const at = (name: string) => join(folder, name);
  const host = `unix://${at('sock')}`;
  const network = await takeNetwork();
  const child = execa(
    'dockerd',
    [
      ...['--data-root', at('data'), '--exec-root', at('exec'), '-p', at('pid'), '-H', host],
      `--bridge=${network.own}`,
    ],
    { reject: false, all: true, stdin: 'ignore', forceKillAfterDelay: 30_000 },
  );
  const feed = async (input: string, ...words: string[]) =>
    (await execa('docker', ['--host', host, ...words], { input })).stdout;
  const docker = (...words: string[]) => feed('', ...words);
  const disks: Disk[] = [];
  const limited = async (name: string, gib: number) => {
    const disk = await makeDisk(at(name), gib);
    disks.push(disk);
    const bound = ['type=none', 'o=bind', `device=${disk.folder}`].flatMap((option) => ['--opt', option]);
    await docker('volume', 'create', ...bound, name);
  };
  const close = async () => {
    const left = await docker('ps', '-aq').catch(() => '');
    for (const id of left.split('\n').filter(Boolean)) await docker('rm', '-f', '-v', id);
    await docker('network', 'rm', 'light').catch(() => '');
    child.kill('SIGTERM');
    await child;
    await network.leave();
    for (const { remove } of disks) await remove();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answering('dockerd', () => docker('version'), child);
    const { bridge, prefix, gateway } = network;
    const named = ['--opt', `com.docker.network.bridge.name=${bridge}`];
    await docker('network', 'create', '--subnet', `${prefix}.0/24`, '--gateway', gateway, ...named, 'light');
  } catch (error) {
    await close();
    throw error;
  }
  return { host, network, docker, feed, limited, close };
}

/** How this computer looks names up: the containers do it in the same way. */
export const nameservers = () => readFileSync('/etc/resolv.conf', 'utf8');
