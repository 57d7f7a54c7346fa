import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { writeWhole } from '../../computer/files.ts';
import { ticking } from '../../computer/ticking.ts';
import { failure, unreachable } from '../../errors.ts';
import { requireAlive } from './process.ts';

/** The user on every machine of the lab; it can become root without a password. */
export const guestUser = 'admin';

/** SSH access to a machine before it is a host: its port, the key to log in with, and its host key. */
export interface Door {
  readonly name: string;
  readonly folder: string;
  readonly port: number;
  readonly keyFile: string;
  readonly hostKey: string;
}

/** Waits until sshd answers. @throws ProvisionError if the machine stops, or after `seconds` */
export async function waitForSsh(
  { name, folder, port }: Pick<Door, 'name' | 'folder' | 'port'>,
  progress: (line: string) => void,
  seconds = 300,
): Promise<void> {
  if (await greets(port)) return;
  await ticking(progress, 'waiting for SSH', async () => {
    const end = Date.now() + seconds * 1000;
    while (!(await greets(port))) {
      requireAlive(name, folder);
      if (Date.now() > end) {
        throw unreachable({
          place: name,
          what: `SSH did not answer within ${seconds} s`,
          todo: `read the log of its serial console: less ${join(folder, 'serial.log')}`,
        });
      }
      await sleep(200);
    }
  });
}

/** Whether a server sends `SSH-2.0-` (RFC 4253, 4.2). QEMU accepts connections before the guest does. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    const answered = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(5000, () => answered(false));
    socket.setEncoding('latin1');
    socket.on('data', (data: string) => {
      text += data;
      if (text.length >= 8) answered(text.startsWith('SSH-2.0-'));
    });
    socket.on('error', () => answered(false));
    socket.on('close', () => answered(false));
  });
}

/** Options for ssh(1) that reach a machine without reading or writing any of the user's files. */
export function sshOptions({ folder, port, keyFile, hostKey, name }: Door): string[] {
  const file = join(folder, 'known_hosts');
  writeWhole(file, `${name} ${hostKey}\n`);
  const options = [
    'IdentitiesOnly=yes',
    `IdentityFile=${quoted(keyFile)}`,
    `UserKnownHostsFile=${quoted(file)}`,
    'GlobalKnownHostsFile=none',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    `HostKeyAlias=${name}`,
    'LogLevel=ERROR',
  ];
  return ['-F', 'none', ...options.flatMap((option) => ['-o', option]), '-p', String(port), '-l', guestUser];
}

/**
 * Runs a script as root on a machine. The script is generated when the machine is ready to run it, so that a timestamp
 * in it is correct.
 *
 * @throws ProvisionError (failed)
 */
export async function runAsRoot(door: Door, script: () => string, seconds = 120): Promise<void> {
  const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=60', '-o', 'ServerAliveInterval=10'];
  const command = `sudo sh -c 'echo ready; exec sh -s'`;
  const child = execa('ssh', [...sshOptions(door), ...options, '-T', '127.0.0.1', command], {
    reject: false,
    timeout: seconds * 1000,
  });
  child.stdin.on('error', () => {});
  child.stdout.once('data', () => child.stdin.end(`set -e\n${script()}\n`));
  const { exitCode, stderr, shortMessage } = await child;
  if (exitCode === 0) return;
  throw failure({
    place: door.name,
    what: 'the machine could not be prepared',
    why: exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`,
    said: stderr,
  });
}

const quoted = (path: string) => `"${path}"`;
