import type { Resource } from '../../../provision/authoring.ts';
import { type Handler, lines, type Script, type Secret, sh } from '../../../provision/index.ts';

/** A registry on this host. */
export interface LocalRegistry {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
  /** The folder with its authority, `ca.crt`. */
  readonly certificates: string;
  /** The folder with its data. */
  readonly folder: string;
}

/** The name of TheAPP's image in the registry. */
const REPOSITORY = 'theapp';

/**
 * The registry has no more than `keep` images that nothing uses. The newest are kept. A removed image leaves its layers
 * behind, which the handler must collect while nobody pushes.
 *
 * @param used the digests of the images in use; if there are none, nothing is known about them, and nothing is removed
 */
export function images(
  registry: LocalRegistry,
  { keep, used, collect }: { keep: number; used: readonly string[]; collect: Handler },
): Resource<readonly string[]> {
  return {
    kind: 'registry.images',
    name: `${REPOSITORY}: keep ${keep}, and those in use`,
    probe: { script: list(registry.folder), read: ({ stdout }) => digestsIn(stdout) },
    plan: (all) => {
      const old = used.length === 0 ? [] : all.slice(keep).filter((digest) => !used.includes(digest));
      if (old.length === 0) return [];
      const summary = `remove ${old.length} old ${old.length > 1 ? 'images' : 'image'}`;
      return [{ summary, script: lines(old.map((digest) => remove(registry, digest))) }];
    },
    notify: [collect],
    hint: 'on the control plane: kubectl --namespace registry logs deployment/registry',
  };
}

/**
 * A script that prints the digests of all images, the newest first; `digestsIn` reads its output. It reads the files of
 * the registry, because the API lists only tags, and not when an image was pushed.
 */
export const list = (
  folder: string,
): Script => sh`cd ${`${folder}/docker/registry/v2/repositories/${REPOSITORY}/_manifests/revisions/sha256`} 2>/dev/null || exit 0
for link in */link; do
if [ -e "$link" ]; then stat --format '%.Y %n' "$link"; fi
done | LC_ALL=C sort -rn`;

export const digestsIn = (printed: string): readonly string[] =>
  [...printed.matchAll(/ ([0-9a-f]{64})\/link$/gm)].map(([, hash]) => `sha256:${hash}`);

/** Removes an image with its tags (OCI distribution specification, "Deleting manifests"). curl reads the password from standard input. */
const remove = ({ host, port, user, password, certificates }: LocalRegistry, digest: string): Script =>
  sh`printf 'user = "%s:%s"\n' ${user} ${password} | curl --fail --silent --show-error --max-time 20 --config - --cacert ${`${certificates}/ca.crt`} --request DELETE ${`https://${host}:${port}/v2/${REPOSITORY}/manifests/${digest}`}`;
