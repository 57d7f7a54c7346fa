import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensurePrograms } from '../../provision/computer/install.ts';
import { withLock } from '../../provision/computer/lock.ts';
import { answering } from '../answering.ts';
import { takeBridge } from './bridge.ts';
import { diskPrograms, newDisk } from './disk.ts';

/** A Docker daemon for one test, separate from that of this computer. */
export interface Daemon {
  /** The value of DOCKER_HOST, so that this process and its children use this daemon. */
  readonly host: string;
  /** Its socket. */
  readonly socket: string;
  docker(...words: string[]): Promise<string>;
  /** Stops the daemon with all its containers, and starts it again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const programs = [
  { name: 'dockerd', package: 'docker.io' },
  { name: 'iptables', package: 'iptables' },
  { name: 'ip', package: 'iproute2' },
  ...diskPrograms,
];

/** Starts a daemon. Its data is in a temporary folder, which `close` removes. Requires root. */
export async function startDaemon(progress: (line: string) => void = () => {}): Promise<Daemon> {
  await ensurePrograms(programs, { yes: true, progress });
  const folder = mkdtempSync(join(tmpdir(), 'theapp-dockerd-'));
  const at = (name: string) => join(folder, name);
  const [socket, disk, bridge] = [at('sock'), await newDisk(at('data')), await takeBridge()];
  const host = `unix://${socket}`;
  const words = [
    ...['--data-root', at('data'), '--exec-root', at('exec'), '-p', at('pid'), '-H', host],
    `--bridge=${bridge.name}`,
  ];
  const run = () =>
    execa('dockerd', words, { reject: false, all: true, stdin: 'ignore', forceKillAfterDelay: 30_000 });
  const docker = async (...words: string[]) => (await execa('docker', ['--host', host, ...words])).stdout;
  let child: ReturnType<typeof run> | undefined;
  // All daemons of this computer use the same chains of iptables. A start removes and creates them, so two starts
  // at the same time fail with "Chain already exists".
  const start = () =>
    withLock('dockerd', 'starting dockerd', progress, async () => {
      child = run();
      await answering('dockerd', () => docker('version'), child);
    });
  const stop = async () => {
    child?.kill('SIGTERM');
    await child;
  };
  const close = async () => {
    const containers = await docker('ps', '-aq').catch(() => '');
    for (const id of containers.split('\n').filter(Boolean)) await docker('rm', '-f', '-v', id);
    await stop();
    await bridge.release();
    await disk.release();
    rmSync(folder, { recursive: true, force: true });
    if (process.env.DOCKER_HOST === host) delete process.env.DOCKER_HOST;
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  process.env.DOCKER_HOST = host;
  const restart = async () => {
    await stop();
    await start();
  };
  return { host, socket, docker, restart, close };
}
