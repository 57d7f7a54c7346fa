import { type Notify, notified, type Resource } from '../../language/resource.ts';
import type { Secret } from '../../shell/secret.ts';
import { lines, type Script, sh } from '../../shell/sh.ts';
import { checkSha256, uploading } from '../artefact.ts';
import { word } from '../check.ts';
import {
  basedOn,
  buildArguments,
  type ImageOptions,
  inContext,
  logged,
  RECIPE,
  recipeOf,
} from '../docker/image/build.ts';

/** A registry with TLS and an account on it, for hosts without Docker. */
export interface TrustedRegistry {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
  /** The folder on the host that holds the registry's authority as `ca.crt` (containers-certs.d(5)). */
  readonly certificates: string;
}

export interface PushedOptions extends Omit<ImageOptions, 'leftovers'>, Notify {
  /** The folder for images during a build: the base image stays there. */
  storage: string;
}

/** What the registry has under the tag: its digest, empty when there is none, and the hash that it was built from. */
export interface PushedImage {
  readonly digest: string;
  readonly recipe: string;
}

/**
 * The registry holds this image, which is built on the host with buildah(1) and not kept there, except for its base. It
 * is built again when the Dockerfile, the base, an argument or the file in the context has changed, even if the tag is
 * the same.
 */
export function pushed(
  registry: TrustedRegistry,
  image: string,
  options: PushedOptions,
): Resource<PushedImage> {
  const place = `buildah.image ${word('buildah.image', image, /^[\w./-]+:[\w.-]+$/, 'the name of an image, with its tag')}`;
  const { source } = options.context;
  checkSha256(place, source);
  const wanted = recipeOf(options);
  return {
    kind: 'buildah.image',
    name: `${registry.host}:${registry.port}/${image}`,
    timeout: 1800,
    probe: { script: sh`${manifest(registry, image)} || :`, read: readManifest },
    plan: ({ digest, recipe }) => {
      if (recipe === wanted) return [];
      const on = options.base ? ` on ${options.base}` : '';
      const summary = `${digest === '' ? 'build and push' : 'build again and push: its contents have changed'}${on}`;
      const upload = `/var/tmp/.${image.replace(/[/:]/g, '-')}.provision-upload`;
      return [uploading(summary, source, upload, build(registry, image, options, wanted))];
    },
    ...notified(options),
  };
}

/** Reads the headers and the body of a manifest (OCI distribution specification, "Pulling manifests"). */
export function readManifest({ stdout }: { readonly stdout: string }): PushedImage {
  const [, digest = ''] = /^docker-content-digest:\s*(sha256:[0-9a-f]{64})\s*$/im.exec(stdout) ?? [];
  const [, recipe = ''] = new RegExp(`"${RECIPE}"\\s*:\\s*"([0-9a-f]+)"`).exec(stdout) ?? [];
  return digest === '' ? { digest, recipe: '' } : { digest, recipe };
}

/** A script that prints the name by which every node pulls the image: `registry:port/name@sha256:…`; nothing if there is none. */
export const digestOf = (registry: TrustedRegistry, image: string): Script => sh`digest=$(${manifest(
  registry,
  image,
)} | tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" { print $2 }')
if [ -n "$digest" ]; then printf '%s@%s\n' ${repositoryOf(registry, image)} "$digest"; fi`;

const repositoryOf = ({ host, port }: TrustedRegistry, image: string) =>
  `${host}:${port}/${image.replace(/:[^:]*$/, '')}`;

/** curl reads the password from standard input. */
function manifest({ host, port, user, password, certificates }: TrustedRegistry, image: string): Script {
  const [name, tag] = [image.replace(/:[^:]*$/, ''), image.replace(/^.*:/, '')];
  const url = `https://${host}:${port}/v2/${name}/manifests/${tag}`;
  return sh`printf 'user = "%s:%s"\n' ${user} ${password} | curl --fail --silent --max-time 20 --config - --include --cacert ${`${certificates}/ca.crt`} --header 'Accept: application/vnd.oci.image.manifest.v1+json' ${url} 2>/dev/null`;
}

/** The storage is buildah's own, so that images of other programs on the host are left alone. */
function build(registry: TrustedRegistry, image: string, options: PushedOptions, recipe: string): Script {
  const { host, port, user, password, certificates } = registry;
  const { storage } = options;
  const target = `${host}:${port}/${image}`;
  const buildah = ['buildah', `--root=${storage}`, '--runroot=/run/provision-images'];
  const flags = [
    '--format=oci',
    '--isolation=chroot',
    `--annotation=${RECIPE}=${recipe}`,
    ...buildArguments(options),
    `--tag=${target}`,
  ];
  return lines([
    inContext(options),
    sh`( umask 077; printf '{"auths":{"%s":{"auth":"%s"}}}' ${`${host}:${port}`} "$(printf '%s:%s' ${user} ${password} | base64 -w 0)" >"$d"/auth )
mkdir -p ${storage}`,
    logged(sh`${buildah} build ${flags} "$d"/context`, `building ${image}`, basedOn(image, options)),
    logged(
      sh`${buildah} push --authfile="$d"/auth --cert-dir=${certificates} ${target}`,
      `pushing ${target}`,
      `this host cannot reach the registry ${host}:${port}`,
    ),
    sh`${buildah} rmi ${target} >/dev/null`,
  ]);
}
