import type { Resource } from '../../provision/authoring.ts';
import { type Script, type Secret, sh } from '../../provision/index.ts';

interface Registry {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
}

/** Root's Docker on this host knows the password: for pushing, and for giving it to the nodes with a service. */
export function loggedIn({ host, port, user, password }: Registry): Resource<boolean> {
  const at = `${host}:${port}`;
  return {
    kind: 'registry',
    name: `login to ${at}`,
    probe: {
      // The file has user:password in base64; it is compared in the shell, so that it is in no argv.
      script: sh`auth=$(printf '%s:%s' ${user} ${password} | base64 -w 0)
case $(cat /root/.docker/config.json 2>/dev/null) in *${at}*"$auth"*) echo known ;; esac`,
      read: ({ stdout }) => stdout.trim() === 'known',
    },
    plan: (known) => {
      if (known) return [];
      const script = sh`umask 077
export HOME=/root
i=0
until said=$(printf %s ${password} | docker login --username ${user} --password-stdin ${at} 2>&1); do
i=$((i+1))
case $said in *unauthorized*|*'x509'*) i=99 ;; esac
if [ $i -gt 30 ]; then printf '%s\n' "$said" >&2; exit 1; fi
sleep 2
done`;
      return [{ summary: 'log in', script }];
    },
  };
}

export function loggedOut(at: string): Resource<boolean> {
  return {
    kind: 'registry',
    name: `logout from ${at}`,
    probe: {
      script: sh`if grep -qsF ${at} /root/.docker/config.json; then echo known; fi`,
      read: ({ stdout }) => stdout.trim() === 'known',
    },
    plan: (known) =>
      known ? [{ summary: 'log out', script: sh`HOME=/root docker logout ${at} >/dev/null` }] : [],
  };
}

interface Digests {
  /** Of the image here, as it was pushed; empty when it never was. */
  readonly here: string;
  readonly there: string;
}

/** The registry has this host's image, the same bytes, under the same name and tag. */
export function pushed(registry: Registry, image: string): Resource<Digests> {
  const { host, port } = registry;
  const target = `${host}:${port}/${image}`;
  return {
    kind: 'registry',
    name: `push ${image}`,
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
      return [{ summary: there === '' ? 'push' : 'push: the registry has another under this tag', script }];
    },
    timeout: 1800,
  };
}

/** The image as every node is to pull it: `registry:port/name@sha256:…`. */
export function digestOf({ host, port }: Pick<Registry, 'host' | 'port'>, image: string): Script {
  const repository = `${host}:${port}/${image.replace(/:[^:]*$/, '')}`;
  return sh`docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' ${image} 2>/dev/null | grep -m 1 -F ${`${repository}@`} || :`;
}

const TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
].join(', ');

/** What the registry says it has under the tag; the password is on curl's standard input. */
function digestThere({ host, port, user, password }: Registry, image: string): Script {
  const [name, tag] = [image.replace(/:[^:]*$/, ''), image.replace(/^.*:/, '')];
  const url = `https://${host}:${port}/v2/${name}/manifests/${tag}`;
  return sh`printf 'user = "%s:%s"\n' ${user} ${password} | curl -sS --max-time 20 --config - --head --cacert ${`/etc/docker/certs.d/${host}:${port}/ca.crt`} --header ${`Accept: ${TYPES}`} ${url} 2>/dev/null | tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" { print $2 }' || :`;
}
