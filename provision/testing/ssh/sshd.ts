import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Host } from '../../host.ts';

/** A real sshd on 127.0.0.1 for tests. It leaves nothing behind. */
export interface Sshd {
  readonly port: number;
  readonly folder: string;
  /** A private key that it accepts for every user. */
  readonly key: string;
  /** Its public host keys. */
  readonly hostKeys: readonly string[];
  readonly log: string;
  /** A host entry that does not depend on the computer's own ssh_config and known_hosts. */
  host(more?: Partial<Host>): Host;
  /** Starts it if it was created with `start: false` or has been stopped. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Kills the processes that serve its connections (SIGKILL). */
  killSessions(): void;
}

export interface SshdOptions {
  /** Additional lines of sshd_config. */
  readonly lines?: readonly string[];
  readonly start?: boolean;
  /** Environment variables of the sessions it starts. */
  readonly env?: Readonly<Record<string, string>>;
  /** A shell script that runs before it, as root (see becomeRoot), in its own mount namespace, so that its mounts stay private. */
  readonly mounts?: (folder: string) => string;
  /** Types of host keys; default: Ed25519 only. */
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
    // Without its own HOME a login shell would read this computer's start-up files, which may be slow.
    `SetEnv ${Object.entries({ HOME: folder, ...path, ...env })
      .map((pair) => pair.join('='))
      .join(' ')}`,
  ];
  writeFileSync(config, `${settings.join('\n')}\n`);
  // The directory for sshd's privilege separation; without an init system nothing has created it.
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
      // The log also contains errors that occur before sshd opens it.
      const output = openSync(log, 'a');
      child = spawn(file, args, { stdio: ['ignore', 'ignore', output] });
      closeSync(output);
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

/** A command that runs after a script in a new mount namespace. */
function mounted(script: string, command: readonly string[]): [string, ...string[]] {
  return ['unshare', '-m', 'sh', '-ec', `${script}\nexec "$@"`, 'sh', ...command];
}

/** A fake sudo for users who cannot become root: it runs the command as the same user. */
function unprivileged(folder: string): void {
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/sudo'), '#!/bin/sh\nshift\nexec "$@"\n', { mode: 0o755 });
}

function killBelow(pid: number): void {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid), 'sshd'], { encoding: 'utf8' });
  for (const child of stdout.split('\n').filter(Boolean).map(Number)) {
    killBelow(child);
    killIfRunning(child);
  }
}

/** A process may end by itself between its listing and the signal. */
function killIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Stops it and removes its folder. */
export async function remove(server: Sshd): Promise<void> {
  await server.stop();
  rmSync(server.folder, { recursive: true, force: true });
}

/** Creates a key pair, by default without a passphrase, and returns the path of the private key. */
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
