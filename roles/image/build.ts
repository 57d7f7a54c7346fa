import { createHash } from 'node:crypto';
import { type Resource, uploading } from '../../provision/authoring.ts';
import { type Artefact, type Script, sh } from '../../provision/index.ts';

/** What an image is made of. */
export interface Recipe {
  readonly release: Artefact;
  /** Without a tag. */
  readonly name: string;
  /** The image it stands on; the Dockerfile's own when null. */
  readonly base: string | null;
  /** The Dockerfile's text. */
  readonly dockerfile: string;
}

/** The image `name:VERSION`, by what its label says it was made of; an empty id when there is none. */
export interface ImageState {
  readonly id: string;
  readonly recipe: string;
}

/**
 * The image of a release, built where it runs, by the plain builder that every Docker has. Another Dockerfile or base
 * is another image, also under the same tag.
 */
export function built(recipe: Recipe): Resource<ImageState> {
  const { release, name, base } = recipe;
  const tag = `${name}:${release.version}`;
  const wanted = recipeOf(recipe);
  return {
    kind: 'docker.image',
    name: tag,
    timeout: 1800,
    probe: {
      script: sh`docker image inspect --format '{{.ID}} {{index .Config.Labels "theapp.recipe"}}' ${tag} 2>/dev/null || :`,
      read: ({ stdout }) => {
        const [id = '', found = ''] = stdout.trim().split(' ');
        return { id, recipe: found };
      },
    },
    plan: (state) => {
      if (state.recipe === wanted) return [];
      const on = base === null ? '' : ` on ${base}`;
      const summary = `${state.id === '' ? 'build' : 'build again: made of something else'}${on}`;
      const upload = `/var/tmp/.${name.replaceAll('/', '-')}-${release.version}.provision-upload`;
      return [uploading(summary, release, upload, build(recipe, tag, wanted))];
    },
  };
}

/** What decides the image, in a few letters. */
export const recipeOf = ({ release, base, dockerfile }: Recipe) =>
  createHash('sha256')
    .update(JSON.stringify([release.sha256, base, dockerfile]))
    .digest('hex')
    .slice(0, 16);

/**
 * Builds in a folder of its own, of which nothing stays. `$u` is the tarball that was uploaded. What the build leaves
 * without a name (its first stage, an image that had the same tag) goes.
 */
function build({ release, base, dockerfile }: Recipe, tag: string, recipe: string): Script {
  const given = [`VERSION=${release.version}`, ...(base === null ? [] : [`BASE=${base}`])];
  const options = [
    ...given.map((value) => `--build-arg=${value}`),
    `--label=theapp.recipe=${recipe}`,
    `--tag=${tag}`,
  ];
  return sh`d=$(mktemp -d)
trap 'rm -rf -- "$d" "$u"' EXIT
mkdir "$d"/context
cp -- "$u" "$d"/context/${`theapp-${release.version}.tar.gz`}
printf %s ${dockerfile} >"$d"/context/Dockerfile
echo ${`building ${tag}`} >&9
{ r=0; docker build ${options} "$d"/context 2>&1 || r=$?; echo "$r" >"$d"/code; } | tee "$d"/log | sed -un '/^Step\|Pull\|^#[0-9]* \[/p' >&9
if [ "$(cat "$d"/code)" != 0 ]; then
tail -n 6 "$d"/log >&2
if grep -qE 'dial tcp|lookup |TLS handshake|denied|not found: manifest|manifest unknown' "$d"/log; then
echo ${`the image that ${tag} stands on cannot be had from here: name another place to pull from (-e docker.mirrors=[URL]), or an image that is on the machine (-e image.base=IMAGE)`} >&2
fi
exit 1
fi
docker image prune --force --filter label=org.opencontainers.image.title=TheAPP >/dev/null`;
}
