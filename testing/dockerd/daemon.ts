import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensurePrograms } from '../../provision/computer/install.ts';
import { answering } from '../answering.ts';
import { takeBridge } from './bridge.ts';

/** A Docker of a test's own, beside whichever this computer has. */
export interface Daemon {
  /** What DOCKER_HOST says: this process and those that it starts use this Docker. */
  readonly host: string;
  /** Its socket. */
  readonly socket: string;
  docker(...words: string[]): Promise<string>;
  /** Ends it as a power cut would, with all that runs in it, and starts it again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const programs = [
  { name: 'dockerd', package: 'docker.io' },
  { name: 'iptables', package: 'iptables' },
  { name: 'ip', package: 'iproute2' },
];

/** Its data is in a folder of its own, which goes with it. Requires root. */
export async function startDaemon(progress: (line: string) => void = () => {}): Promise<Daemon> {
  await ensurePrograms(programs, { yes: true, progress });
  const folder = mkdtempSync(join(tmpdir(), 'theapp-dockerd-'));
  const at = (name: string) => join(folder, name);
  const [socket, bridge] = [at('sock'), await takeBridge()];
  const host = `unix://${socket}`;
  const words = [
    ...['--data-root', at('data'), '--exec-root', at('exec'), '-p', at('pid'), '-H', host],
    `--bridge=${bridge.name}`,
  ];
  const start = () =>
    execa('dockerd', words, { reject: false, all: true, stdin: 'ignore', forceKillAfterDelay: 30_000 });
  const docker = async (...words: string[]) => (await execa('docker', ['--host', host, ...words])).stdout;
  let child = start();
  const ready = () => answering('dockerd', () => docker('version'), child);
  const stop = async () => {
    child.kill('SIGTERM');
    await child;
  };
  const close = async () => {
    const left = await docker('ps', '-aq').catch(() => '');
    for (const id of left.split('\n').filter(Boolean)) await docker('rm', '-f', '-v', id);
    await stop();
    await bridge.leave();
    rmSync(folder, { recursive: true, force: true });
    if (process.env.DOCKER_HOST === host) delete process.env.DOCKER_HOST;
  };
  try {
    await ready();
  } catch (error) {
    await close();
    throw error;
  }
  process.env.DOCKER_HOST = host;
  const restart = async () => {
    await stop();
    child = start();
    await ready();
  };
  return { host, socket, docker, restart, close };
}
