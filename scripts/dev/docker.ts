import { execa, type Options } from 'execa';
import { failure, unreachable } from '../../provision/index.ts';

/**
 * Docker and Compose v2 are there and answer.
 *
 * @throws ProvisionError (failed) with what to install, (unreachable) with the client's own words
 */
export async function requireCompose(): Promise<void> {
  const { exitCode, stderr, code } = await docker(['version', '--format', '{{.Server.Version}}']);
  if (code === 'ENOENT') {
    throw failure({
      place: 'dev',
      what: 'the stack runs in Docker, and there is no program "docker"',
      todo: 'https://docs.docker.com/get-docker/ says how to get it; or without Docker: npm run app',
    });
  }
  if (exitCode !== 0) {
    throw unreachable({
      place: 'dev',
      what: 'no Docker daemon answers',
      said: `${stderr ?? ''}`,
      todo: 'sudo systemctl start docker, or start Docker Desktop; docker info says more',
    });
  }
  const compose = await docker(['compose', 'version', '--short']);
  if (compose.exitCode === 0 && /^v?[2-9]/.test(`${compose.stdout ?? ''}`)) return;
  throw failure({
    place: 'dev',
    what: 'Docker has no Compose v2 (docker compose)',
    todo: "install docker-compose (Debian 13), docker-compose-v2 (Ubuntu) or Docker's docker-compose-plugin",
  });
}

/** The user's own `docker`; what it ends with is the caller's to judge. */
export const docker = (words: readonly string[], options: Options = {}) =>
  execa('docker', words, { reject: false, stdin: 'ignore', ...options });
