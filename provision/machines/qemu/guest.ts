import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { writeWhole } from '../../computer/files.ts';
import { ticking } from '../../computer/ticking.ts';
import { failure, unreachable } from '../../errors.ts';
import { requireAlive } from './process.ts';

/** The user of every machine the lab makes; it may become root without a password. */
export const guestUser = 'admin';

/** How a machine is spoken to before it is a host: its port here, the key that opens it, the key it must show. */
export interface Door {
  readonly name: string;
  readonly folder: string;
  readonly port: number;
  readonly keyFile: string;
  readonly hostKey: string;
}

/** Returns when sshd has introduced itself. @throws ProvisionError when the machine died, or `seconds` are over */
export async function waitForSsh(
  { name, folder, port }: Pick<Door, 'name' | 'folder' | 'port'>,
  progress: (line: string) => void,
  seconds = 300,
): Promise<void> {
  if (await greets(port)) return;
  await ticking(progress, 'waiting for its SSH', async () => {
    const end = Date.now() + seconds * 1000;
    while (!(await greets(port))) {
      requireAlive(name, folder);
      if (Date.now() > end) {
        throw unreachable({
          place: name,
          what: `no SSH in ${seconds} s`,
          todo: `what it says on its serial line: ${join(folder, 'serial.log')}`,
        });
      }
      await sleep(200);
    }
  });
}

/** RFC 4253, 4.2: a server begins with `SSH-2.0-`. The emulator itself accepts connections before the guest does. */
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

/** Options of ssh(1) that reach a machine and nothing else: no file of the user's is read or written. */
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
 * Runs a script as root in a machine. It is asked for when the machine is ready to run it, so that the time in it
 * is right.
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
