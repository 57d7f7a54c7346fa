import type { Resource } from '../../provision/authoring.ts';
import { absent, apt, directory, type Facts, file } from '../../provision/index.ts';

const FOLDER = '/etc/containers/registries.conf.d';
const MIRRORS = `${FOLDER}/provision.conf`;
/** buildah's storage: images of other programs on the machine are left alone. */
export const STORAGE = '/var/lib/provision/images';

/** buildah(1), and where it pulls the base image from. */
export const installed = (mirrors: readonly string[], { codename }: Pick<Facts, 'codename'>): Resource[] => [
  // newer versions of buildah do not start without netavark, which Ubuntu 22.04 does not have
  apt.packages(['buildah', 'ca-certificates', 'curl', ...(codename === 'jammy' ? [] : ['netavark'])]),
  directory('/etc/containers'),
  directory(FOLDER),
  file(MIRRORS, { content: settings(mirrors) }),
];

export const removed = (purge: boolean): Resource[] => [
  apt.absent(['buildah', 'netavark']),
  file.absent(MIRRORS),
  ...(purge ? [absent(STORAGE)] : []),
];

/** The mirrors of Docker Hub (containers-registries.conf(5)). */
export function settings(mirrors: readonly string[]): string {
  const entries = mirrors.map((url) => {
    const { host, protocol } = new URL(url);
    return ['[[registry.mirror]]', `location = "${host}"`, `insecure = ${protocol === 'http:'}`];
  });
  return [
    '# Managed by the provisioner (role image).',
    'unqualified-search-registries = ["docker.io"]',
    '',
    '[[registry]]',
    'location = "docker.io"',
    ...entries.flat(),
    '',
  ].join('\n');
}
