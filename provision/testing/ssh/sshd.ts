import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Host } from '../../host.ts';

/** A real sshd of its own on 127.0.0.1, for tests: nothing of it is left when it has ended. */
export interface Sshd {
  readonly port: number;
  readonly folder: string;
  /** A private key that it lets in, for every user. */
  readonly key: string;
  /** Its public host keys. */
  readonly hostKeys: readonly string[];
  readonly log: string;
  /** A host that needs nothing of the computer's own ssh_config and known_hosts. */
  host(more?: Partial<Host>): Host;
  /** Starts it, when it was made with `start: false` or has been stopped. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL to the processes that hold its connections. */
  killSessions(): void;
}

export interface SshdOptions {
  /** More lines of sshd_config. */
  readonly lines?: readonly string[];
  readonly start?: boolean;
  /** The environment of what it starts. */
  readonly env?: Readonly<Record<string, string>>;
  /** Shell that runs before it, as root, in a mount namespace of its own: what it mounts, nobody else sees. */
  readonly mounts?: (folder: string) => string;
  /** Kinds of host keys; Ed25519 alone unless said. */
  readonly kinds?: readonly string[];
}

const SSHD = '/usr/sbin/sshd';

export async function sshd(options: SshdOptions = {}): Promise<Sshd> {
  const { lines = [], start = true, kinds = ['ed25519'], env = {}, mounts } = options;
  if (!existsSync(SSHD)) throw new Error('these tests need sshd: apt-get install openssh-server');
  const folder = mkdtempSync(join(tmpdir(), 'sshd-'));
  const key = newKey(join(folder, 'user'));
  const hostFiles = kinds.map((kind) => newKey(join(folder, `host_${kind}`), kind));
  const port = await freePort();
  const log = join(folder, 'log');
  const config = join(folder, 'config');
  const path = process.getuid?.() === 0 ? {} : { PATH: `${folder}/bin:/usr/bin:/bin` };
  writeFileSync(join(folder, 'authorized'), readFileSync(`${key}.pub`), { mode: 0o644 });
  const settings = [
    `ListenAddress 127.0.0.1:${port}`,
    ...lines,
    ...hostFiles.map((file) => `HostKey ${file}`),
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UsePAM no',
    'UseDNS no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    `PidFile ${join(folder, 'pid')}`,
    // A login shell's start files are this computer's, and may take their time.
    `SetEnv ${Object.entries({ HOME: folder, ...path, ...env })
      .map((pair) => pair.join('='))
      .join(' ')}`,
  ];
  writeFileSync(config, `${settings.join('\n')}\n`);
  // The folder that sshd shuts its unprivileged half in; without an init nobody has made it.
  if (process.getuid?.() === 0) execFileSync('mkdir', ['-p', '/run/sshd']);
  execFileSync('chmod', ['711', folder]);
  if (process.getuid?.() !== 0) unprivileged(folder);
  let child: ReturnType<typeof spawn> | undefined;
  const server: Sshd = {
    port,
    folder,
    key,
    hostKeys: hostFiles.map((file) => readFileSync(`${file}.pub`, 'utf8').trim()),
    log,
    host: (more = {}) => ({
      name: 'box',
      address: '127.0.0.1',
      port,
      user: userInfo().username,
      keyFiles: [key],
      hostKeys: server.hostKeys,
      groups: [],
      forwarded: {},
      vars: {},
      ...more,
    }),
    async start() {
      const command = [SSHD, '-D', '-f', config, '-E', log] as const;
      const [file, ...args] = mounts ? mounted(mounts(folder), command) : command;
      child = spawn(file, args, { stdio: 'ignore' });
      for (let i = 0; !(await listens(port)); i++) {
        if (i > 200 || child.exitCode !== null) throw new Error(`sshd: ${readFileSync(log, 'utf8')}`);
        await wait(10);
      }
    },
    killSessions: () => killBelow(Number(child?.pid)),
    async stop() {
      const running = child;
      child = undefined;
      if (running && running.exitCode === null) {
        const gone = new Promise((resolve) => running.once('close', resolve));
        running.kill();
        await gone;
      }
    },
  };
  if (start) await server.start();
  return server;
}

/**
 * A command that runs after a script in a mount namespace. Who is not root is that in a user namespace
 * (user_namespaces(7)) for the script, and for the command, in another one within, who they are.
 */
function mounted(script: string, command: readonly string[]): [string, ...string[]] {
  const after = [`${script}\nexec "$@"`, 'sh'];
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  if (uid === 0) return ['unshare', '-m', 'sh', '-ec', ...after, ...command];
  const themselves = ['unshare', `--map-user=${uid}`, `--map-group=${gid}`];
  return ['unshare', '-m', '--map-root-user', 'sh', '-ec', ...after, ...themselves, ...command];
}

/** For whoever is not root, and cannot become root: a sudo that stays who it is. */
function unprivileged(folder: string): void {
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/sudo'), '#!/bin/sh\nshift\nexec "$@"\n', { mode: 0o755 });
}

function killBelow(pid: number): void {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid), 'sshd'], { encoding: 'utf8' });
  for (const child of stdout.split('\n').filter(Boolean).map(Number)) {
    killBelow(child);
    process.kill(child, 'SIGKILL');
  }
}

/** Stops it and removes its folder. */
export async function remove(server: Sshd): Promise<void> {
  await server.stop();
  rmSync(server.folder, { recursive: true, force: true });
}

/** A key pair without a passphrase unless one is given; returns the private file's path. */
export function newKey(file: string, kind = 'ed25519', passphrase = ''): string {
  execFileSync('ssh-keygen', ['-q', '-t', kind, '-N', passphrase, '-C', 'test', '-f', file]);
  return file;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
