import type { Resource } from '../../provision/authoring.ts';
import { apt, type Facts, failure } from '../../provision/index.ts';
import { repositoryResources } from '../repository.ts';

/** The packages of Docker's own repository. */
export const upstream = ['docker-ce', 'docker-ce-cli', 'containerd.io', 'docker-compose-plugin'];
/** The packages of all supported distributions, including the container runtime. */
export const distribution = [
  'docker.io',
  'docker-cli',
  'docker-compose',
  'docker-compose-v2',
  'containerd',
  'runc',
];

export const keyring = '/etc/apt/keyrings/docker.asc';
export const sources = '/etc/apt/sources.list.d/docker.sources';

/** The fingerprint of the key "Docker Release (CE deb)", from Docker's installation guide. */
const fingerprint = '9DC858229FC7DD38854AE2D88D81803C0EBFCD88';

/** The distribution's engine, client and Compose v2. @throws ProvisionError (failed) if it has no Compose v2 */
export function distributionPackages({ distribution, version }: Facts, compose: boolean): Resource[] {
  if (distribution === 'ubuntu')
    return [apt.packages(['docker.io', ...(compose ? ['docker-compose-v2'] : [])])];
  const old = Number.parseInt(version, 10) < 13;
  if (old && compose) {
    throw failure({
      place: 'docker',
      what: `Debian ${version} has no Compose v2`,
      todo: "use Docker's own packages: -e docker.source=docker; or no Compose: -e docker.compose=false",
    });
  }
  // since Debian 13, the client is a separate package
  return [
    apt.packages(['docker.io', ...(old ? [] : ['docker-cli']), ...(compose ? ['docker-compose'] : [])]),
  ];
}

/** Docker's own repository and its packages. */
export function upstreamPackages(facts: Facts, compose: boolean): Resource[] {
  return [
    ...dockersRepository('docker', facts),
    apt.packages(upstream.filter((name) => compose || name !== 'docker-compose-plugin')),
  ];
}

/** Docker's own repository. It is refused if its key is not the expected one. */
export function dockersRepository(role: string, facts: Facts): Resource[] {
  const url = `https://download.docker.com/linux/${facts.distribution}`;
  const place = { url, suite: facts.codename, components: 'stable', keyUrl: `${url}/gpg` };
  return repositoryResources({ role, owner: 'Docker', ...place, fingerprint, keyring, sources }, facts);
}
