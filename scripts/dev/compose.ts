import { failure } from '../../provision/index.ts';
import { docker, requireDocker } from '../command/docker.ts';

/**
 * Checks that Docker and Compose v2 are installed and that the daemon answers.
 *
 * @throws ProvisionError (failed) with what to install, (unreachable) with the client's message
 */
export async function requireCompose(): Promise<void> {
  await requireDocker('dev', '; without Docker: npm run app');
  const compose = await docker(['compose', 'version', '--short']);
  if (compose.exitCode === 0 && /^v?[2-9]/.test(`${compose.stdout ?? ''}`)) return;
  throw failure({
    place: 'dev',
    what: 'Docker has no Compose v2 (docker compose)',
    todo: "install docker-compose (Debian 13), docker-compose-v2 (Ubuntu) or Docker's docker-compose-plugin",
  });
}
