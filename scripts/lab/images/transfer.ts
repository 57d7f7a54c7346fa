import { createReadStream } from 'node:fs';
import { execa } from 'execa';
import { ticking } from '../../../provision/computer/ticking.ts';
import { failure } from '../../../provision/index.ts';
import { type Door, sshOptions } from '../../../provision/machines/lab/door.ts';
import type { Built } from '../../../provision/machines/lab/images/build.ts';

/**
 * Loads the stand-ins into Docker on a machine of the lab. Returns false if they were already loaded.
 *
 * @throws ProvisionError (failed) if Docker is not running on the machine, or with Docker's output
 */
export async function loadStandIns(
  door: Door,
  built: Built,
  progress: (line: string) => void,
): Promise<boolean> {
  const found = await inMachine(
    door,
    `docker image inspect -f '{{index .Config.Labels "theapp.stand-in.recipe"}}' ${built.names.join(' ')}`,
  );
  if (/command not found|Cannot connect/.test(found.stderr ?? '')) {
    throw failure({
      place: door.name,
      what: 'Docker is not running on the machine',
      said: found.stderr ?? '',
      todo: 'provision it with an approach that has the role docker',
    });
  }
  const recipes = (found.stdout ?? '').split('\n').filter((recipe) => recipe === built.recipe);
  if (recipes.length === built.names.length) return false;
  const { exitCode, stderr, shortMessage } = await ticking(progress, 'loading images', () =>
    inMachine(door, 'docker load --quiet', built.file),
  );
  if (exitCode === 0) return true;
  const why = exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`;
  throw failure({ place: door.name, what: 'docker load failed', why, said: stderr ?? '' });
}

function inMachine(door: Door, command: string, file?: string) {
  const options = ['-o', 'BatchMode=yes', '-o', 'ServerAliveInterval=10', '-T', '127.0.0.1'];
  return execa('ssh', [...sshOptions(door), ...options, `sudo ${command}`], {
    reject: false,
    ...(file === undefined ? { stdin: 'ignore' as const } : { input: createReadStream(file) }),
  });
}
