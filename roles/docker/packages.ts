import type { Resource } from '../../provision/authoring.ts';
import { apt, command, directory, type Facts, failure, file, sh } from '../../provision/index.ts';

/** Docker's own packages, from its repository. */
export const dockers = ['docker-ce', 'docker-ce-cli', 'containerd.io', 'docker-compose-plugin'];
/** The distribution's, of every distribution, and what it runs containers with: a service of its own. */
export const distributions = [
  'docker.io',
  'docker-cli',
  'docker-compose',
  'docker-compose-v2',
  'containerd',
  'runc',
];

export const keyring = '/etc/apt/keyrings/docker.asc';
export const sources = '/etc/apt/sources.list.d/docker.sources';

/** Of the key "Docker Release (CE deb)", as Docker's installation guide gives it. */
const fingerprint = '9DC858229FC7DD38854AE2D88D81803C0EBFCD88';

/** The distribution's engine, client and Compose v2. @throws ProvisionError (failed) where it has no Compose v2 */
export function distributionPackages({ distribution, version }: Facts, compose: boolean): Resource[] {
  if (distribution === 'ubuntu')
    return [apt.packages(['docker.io', ...(compose ? ['docker-compose-v2'] : [])])];
  const old = Number.parseInt(version, 10) < 13;
  if (old && compose) {
    throw failure({
      place: 'docker',
      what: `Debian ${version} has no Compose v2`,
      todo: "take Docker's own packages: -e docker.source=docker; or do without: -e docker.compose=false",
    });
  }
  // since Debian 13 the client is a package of its own
  return [
    apt.packages(['docker.io', ...(old ? [] : ['docker-cli']), ...(compose ? ['docker-compose'] : [])]),
  ];
}

/** Docker's repository, and what it is signed with: refused when that is another key than the known one. */
export function dockersPackages(facts: Facts, compose: boolean): Resource[] {
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
    apt.packages(dockers.filter((name) => compose || name !== 'docker-compose-plugin')),
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
