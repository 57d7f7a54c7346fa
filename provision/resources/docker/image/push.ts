import type { Resource } from '../../../language/resource.ts';
import { type Script, sh } from '../../../shell/sh.ts';
import type { Registry } from '../login.ts';

/** The digest of the image on the host, as it was last pushed, empty if it never was; and of the one in the registry. */
interface Digests {
  readonly here: string;
  readonly there: string;
}

/** The registry holds this host's image, byte for byte, under the same name and tag. */
export function pushed(registry: Registry, image: string): Resource<Digests> {
  const { host, port } = registry;
  const target = `${host}:${port}/${image}`;
  return {
    kind: 'docker.image.pushed',
    name: image,
    probe: {
      script: sh`${digestOf(registry, image)}
echo
${digestThere(registry, image)}`,
      read: ({ stdout }) => {
        const lines = stdout.split('\n').map((line) => line.trim());
        const here = lines.find((line) => line.includes('@')) ?? '';
        const there = lines.find((line) => line.startsWith('sha256:')) ?? '';
        return { here: here.replace(/^.*@/, ''), there };
      },
    },
    plan: ({ here, there }) => {
      if (here !== '' && here === there) return [];
      const script = sh`export HOME=/root
docker tag ${image} ${target}
docker push ${target} >&9`;
      return [
        { summary: there === '' ? 'push' : 'push: the registry has a different image with this tag', script },
      ];
    },
    timeout: 1800,
  };
}

/** A script that prints the name by which every node pulls the pushed image: `registry:port/name@sha256:…`. */
export function digestOf({ host, port }: Pick<Registry, 'host' | 'port'>, image: string): Script {
  const repository = `${host}:${port}/${image.replace(/:[^:]*$/, '')}`;
  return sh`docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' ${image} 2>/dev/null | grep -m 1 -F ${`${repository}@`} || :`;
}

const TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
].join(', ');

/** What the registry has under the tag. curl reads the password from standard input. */
function digestThere({ host, port, user, password }: Registry, image: string): Script {
  const [name, tag] = [image.replace(/:[^:]*$/, ''), image.replace(/^.*:/, '')];
  const url = `https://${host}:${port}/v2/${name}/manifests/${tag}`;
  return sh`printf 'user = "%s:%s"\n' ${user} ${password} | curl -sS --max-time 20 --config - --head --cacert ${`/etc/docker/certs.d/${host}:${port}/ca.crt`} --header ${`Accept: ${TYPES}`} ${url} 2>/dev/null | tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" { print $2 }' || :`;
}
