import type { Resource } from '../../provision/authoring.ts';
import { directory, file, sh } from '../../provision/index.ts';

/** A folder for each registry, whose file hosts.toml lists its mirrors (containerd's docs/hosts.md). */
export const CERTS = '/etc/containerd/certs.d';

/** The registry's own address is tried last. */
export const hosts = (registry: string, mirror: string): Resource[] => [
  directory(`${CERTS}/${registry}`),
  file(`${CERTS}/${registry}/hosts.toml`, {
    content: `# Managed by the provisioner (role containerd).
server = "https://${registry === 'docker.io' ? 'registry-1.docker.io' : registry}"

[host."${mirror.replace(/\/$/, '')}"]
  capabilities = ["pull", "resolve"]
`,
  }),
];

/** No registry has a mirror that the role no longer names. Folders with other files, such as certificates, are kept. */
export const pruned = (registries: readonly string[]): Resource<readonly string[]> => ({
  kind: 'containerd',
  name: 'mirrors that are not listed',
  probe: {
    script: sh`grep -ls '^# Managed by the provisioner' ${CERTS}/*/hosts.toml || :`,
    read: ({ stdout }) =>
      stdout.split('\n').flatMap((path) => path.match(/([^/]+)\/hosts\.toml$/)?.[1] ?? []),
  },
  plan: (found) =>
    found
      .filter((name) => !registries.includes(name))
      .map((name) => ({
        summary: `remove the mirror of ${name}`,
        script: sh`rm -f -- ${`${CERTS}/${name}/hosts.toml`}
rmdir --ignore-fail-on-non-empty -- ${`${CERTS}/${name}`}`,
      })),
});
