import { execa, type Options } from 'execa';
import { failure, unreachable } from '../../provision/index.ts';

/** The user's own `docker`, which honours DOCKER_HOST and contexts. The caller checks its exit code. */
export const docker = (words: readonly string[], options: Options = {}) =>
  execa('docker', words, { reject: false, stdin: 'ignore', ...options });

/**
 * Checks that `docker` is installed and that its daemon answers.
 *
 * @param place the command that needs it: the error begins with it
 * @param alternative what to do without Docker
 * @throws ProvisionError (failed) with what to install, (unreachable) with the client's message and the command that helps
 */
export async function requireDocker(place: string, alternative = ''): Promise<void> {
  const { exitCode, stderr, code } = await docker(['version', '--format', '{{.Server.Version}}']);
  if (exitCode === 0) return;
  if (code === 'ENOENT')
    throw failure({
      place,
      what: 'this command needs Docker, and the program "docker" is not installed',
      todo: `sudo apt-get install docker.io, or follow https://docs.docker.com/get-docker/${alternative}`,
    });
  const said = `${stderr ?? ''}`;
  if (/permission denied/i.test(said))
    throw unreachable({
      place,
      what: 'this user does not have permission to use the Docker daemon',
      said,
      todo: 'sudo usermod -aG docker $USER, then log in again',
    });
  throw unreachable({
    place,
    what: 'no Docker daemon answers',
    said,
    todo: 'sudo systemctl start docker, or start Docker Desktop; for another daemon set DOCKER_HOST or run docker context use',
  });
}
