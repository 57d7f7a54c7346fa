import type { Resource } from '../../provision/authoring.ts';
import { apt, command, directory, type Facts, failure, file, sh } from '../../provision/index.ts';

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

/** Docker's own repository and its packages. It is refused if its key is not the expected one. */
export function upstreamPackages(facts: Facts, compose: boolean): Resource[] {
  const { distribution, codename, architecture } = facts;
  const url = `https://download.docker.com/linux/${distribution}`;
  const stanza = [
    '# Managed by the provisioner (role docker).',
    'Types: deb',
    `URIs: ${url}`,
    `Suites: ${codename}`,
    'Components: stable',
    `Architectures: ${architecture}`,
    `Signed-By: ${keyring}`,
  ];
  return [
    apt.packages(['ca-certificates', 'curl', 'gnupg']),
    directory('/etc/apt/keyrings'),
    command('key of Docker’s repository', { creates: keyring, run: fetchKey(`${url}/gpg`) }),
    file(sources, { content: `${stanza.join('\n')}\n` }),
    apt.packages(upstream.filter((name) => compose || name !== 'docker-compose-plugin')),
  ];
}

const fetchKey = (url: string) => sh`draft=$(mktemp ${`${keyring}.XXXXXX`})
trap 'rm -f "$draft"' EXIT
curl --fail --silent --show-error --location --retry 3 --max-time 60 --output "$draft" ${url}
found=$(gpg --show-keys --with-colons "$draft" | awk -F: '$1 == "fpr" { print $10; exit }')
if [ "$found" != ${fingerprint} ]; then
echo ${`expected the key ${fingerprint}, found `}"$found" >&2
exit 1
fi
chmod 644 "$draft"
mv -f "$draft" ${keyring}`;
