import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';

/** The network of the containers, and this computer's address in it. */
export const network = { prefix: '10.77.251', gateway: '10.77.251.1' };

/** Of the containers; and the daemon's own, which nobody is on: with none it would remove that of another Docker. */
const bridges = { hosts: 'theapp-light', own: 'theapp-docker' };

/** A Docker of the tests' own, beside whichever this computer has. */
export interface Daemon {
  docker(...words: string[]): Promise<string>;
  /** With `input` on its standard input. */
  feed(input: string, ...words: string[]): Promise<string>;
  close(): Promise<void>;
}

/** Its data is in a folder of its own, which goes with it. Wants root. */
export async function startDaemon(): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), 'theapp-light-'));
  const at = (name: string) => join(folder, name);
  const host = `unix://${at('sock')}`;
  await newBridge();
  const child = execa(
    'dockerd',
    [
      ...['--data-root', at('data'), '--exec-root', at('exec'), '-p', at('pid'), '-H', host],
      `--bridge=${bridges.own}`,
    ],
    { reject: false, all: true, stdin: 'ignore', forceKillAfterDelay: 30_000 },
  );
  const feed = async (input: string, ...words: string[]) =>
    (await execa('docker', ['--host', host, ...words], { input })).stdout;
  const docker = (...words: string[]) => feed('', ...words);
  const close = async () => {
    const left = await docker('ps', '-aq').catch(() => '');
    for (const id of left.split('\n').filter(Boolean)) await docker('rm', '-f', '-v', id);
    await docker('network', 'rm', 'light').catch(() => '');
    child.kill('SIGTERM');
    await child;
    await gone(bridges.own);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answering(docker, child);
    const { prefix, gateway } = network;
    const named = ['--opt', `com.docker.network.bridge.name=${bridges.hosts}`];
    await docker('network', 'create', '--subnet', `${prefix}.0/24`, '--gateway', gateway, ...named, 'light');
  } catch (error) {
    await close();
    throw error;
  }
  return { docker, feed, close };
}

/** What a run before has left when it was killed goes first. */
async function newBridge(): Promise<void> {
  for (const name of Object.values(bridges)) await gone(name);
  await execa('ip', ['link', 'add', bridges.own, 'type', 'bridge']);
  await execa('ip', ['address', 'add', '10.77.252.1/30', 'dev', bridges.own]);
  await execa('ip', ['link', 'set', bridges.own, 'up']);
}

const gone = (bridge: string) => execa('ip', ['link', 'delete', bridge], { reject: false });

async function answering(
  docker: Daemon['docker'],
  child: PromiseLike<{ all?: string; exitCode?: number }>,
): Promise<void> {
  let ended: string | undefined;
  void child.then(({ all = '', exitCode }) => (ended = `exit code ${exitCode}: ${all.slice(-2000)}`));
  for (let tries = 0; tries < 240; tries++) {
    if (ended !== undefined) throw new Error(`dockerd ended, ${ended}`);
    if (await docker('version').then(Boolean, () => false)) return;
    await wait(250);
  }
  throw new Error('dockerd does not answer');
}

/** How this computer looks names up: the containers do it in the same way. */
export const nameservers = () => readFileSync('/etc/resolv.conf', 'utf8');
