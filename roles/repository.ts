import type { Resource } from '../provision/authoring.ts';
import { apt, command, directory, type Facts, file, type Script, sh } from '../provision/index.ts';

/** A package repository that is not the distribution's. */
export interface Repository {
  /** The role that uses it, which is named in its sources. */
  readonly role: string;
  /** `Docker` in `key of Docker’s repository`. */
  readonly owner: string;
  readonly url: string;
  /** The suite and components (sources.list(5)); a suite that ends with a slash has none. */
  readonly suite: string;
  readonly components?: string;
  /** Where its public key is downloaded, and the key's fingerprint: 40 hexadecimal digits. */
  readonly keyUrl: string;
  readonly fingerprint: string;
  readonly keyring: string;
  readonly sources: string;
}

/** A repository and its key. The key is refused if its fingerprint is not the expected one. */
export function repositoryResources(one: Repository, { architecture }: Facts): Resource[] {
  const stanza = [
    `# Managed by the provisioner (role ${one.role}).`,
    'Types: deb',
    `URIs: ${one.url}`,
    `Suites: ${one.suite}`,
    ...(one.components ? [`Components: ${one.components}`] : []),
    `Architectures: ${architecture}`,
    `Signed-By: ${one.keyring}`,
  ];
  return [
    apt.packages(['ca-certificates', 'curl', 'gnupg']),
    directory('/etc/apt/keyrings'),
    command(`key of ${one.owner}’s repository`, { creates: one.keyring, run: fetchKey(one) }),
    file(one.sources, { content: `${stanza.join('\n')}\n` }),
  ];
}

/** A file with a second key is refused too, because apt would trust both. */
const fetchKey = ({
  keyring,
  keyUrl,
  fingerprint,
}: Repository): Script => sh`draft=$(mktemp ${`${keyring}.XXXXXX`})
home=$(mktemp -d)
trap 'rm -rf "$draft" "$home"' EXIT
curl --fail --silent --show-error --location --retry 3 --max-time 60 --output "$draft" ${keyUrl}
found=$(gpg --homedir "$home" --show-keys --with-colons "$draft" | awk -F: '$1 == "pub" { p = 1 } $1 == "fpr" && p { print $10; p = 0 }')
if [ "$found" != ${fingerprint} ]; then
echo ${`expected the key ${fingerprint}, found `}"$found" >&2
exit 1
fi
chmod 644 "$draft"
mv -f "$draft" ${keyring}`;
