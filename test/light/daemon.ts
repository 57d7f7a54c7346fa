import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';

/** The network of the containers, and this computer's address in it. */
export const network = { prefix: '10.77.251', gateway: '10.77.251.1' };

const bridge = 'theapp-light';

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
  const child = execa(
    'dockerd',
    ['--data-root', at('data'), '--exec-root', at('exec'), '-p', at('pid'), '-H', host, '--bridge=none'],
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
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answering(docker, child);
    const { prefix, gateway } = network;
    // one that a run before has left when it was killed
    await execa('ip', ['link', 'delete', bridge], { reject: false });
    const named = ['--opt', `com.docker.network.bridge.name=${bridge}`];
    await docker('network', 'create', '--subnet', `${prefix}.0/24`, '--gateway', gateway, ...named, 'light');
  } catch (error) {
    await close();
    throw error;
  }
  return { docker, feed, close };
}

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
