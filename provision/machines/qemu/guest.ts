import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { ticking } from '../../computer/ticking.ts';
import { failure, unreachable } from '../../errors.ts';
import { type Door, greets, sshOptions } from '../lab/door.ts';
import { requireAlive } from './process.ts';

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
    todo: 'remove the machine (npm run lab -- down APPROACH), then run the same command again',
  });
}
