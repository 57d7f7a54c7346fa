import { createHash } from 'node:crypto';
import type { Artefact } from '../../../language/artefact.ts';
import { type Notify, notified, type Resource } from '../../../language/resource.ts';
import { type Script, sh } from '../../../shell/sh.ts';
import { checkSha256, uploading } from '../../artefact.ts';
import { word } from '../../check.ts';

/** The label that holds a hash of everything an image was built from. */
export const RECIPE = 'provision.recipe';

export interface ImageOptions extends Notify {
  /** The text of the Dockerfile. */
  dockerfile: string;
  /** The only other file of the build context, and its name there. */
  context: { readonly name: string; readonly source: Artefact };
  /** Build arguments (`--build-arg`). */
  args?: Readonly<Record<string, string>>;
  /** The base image, passed as the build argument BASE; the Dockerfile's own when null. */
  base?: string | null;
  /** Untagged images with this label (`key=value`) are removed after a build: earlier stages and replaced images. */
  leftovers?: string;
  /** Advice for when the base image cannot be pulled, shown at the end of the error. */
  hint?: string;
}

/** The image that has the tag: its id, empty when there is none, and the hash in its label. */
export interface ImageState {
  readonly id: string;
  readonly recipe: string;
}

/**
 * An image, built on the host with `docker build`. It is built again when the Dockerfile, the base, an argument or the
 * file in the context has changed, even if the tag is the same.
 */
export function built(tag: string, options: ImageOptions): Resource<ImageState> {
  const place = `docker.image ${word('docker.image', tag, /^[\w./-]+:[\w.-]+$/, 'the name of an image, with its tag')}`;
  const { source } = options.context;
  checkSha256(place, source);
  const wanted = recipeOf(options);
  return {
    kind: 'docker.image',
    name: tag,
    timeout: 1800,
    probe: {
      script: sh`docker image inspect --format ${`{{.ID}} {{index .Config.Labels "${RECIPE}"}}`} ${tag} 2>/dev/null || :`,
      read: ({ stdout }) => {
        const [id = '', recipe = ''] = stdout.trim().split(' ');
        return { id, recipe };
      },
    },
    plan: (state) => {
      if (state.recipe === wanted) return [];
      const on = options.base ? ` on ${options.base}` : '';
      const summary = `${state.id === '' ? 'build' : 'rebuild: its contents have changed'}${on}`;
      const upload = `/var/tmp/.${tag.replace(/[/:]/g, '-')}.provision-upload`;
      return [uploading(summary, source, upload, build(tag, options, wanted))];
    },
    ...notified(options),
  };
}

/** A short hash of everything that decides what is in the image. */
export const recipeOf = ({ context, args = {}, base = null, dockerfile }: ImageOptions) =>
  createHash('sha256')
    .update(JSON.stringify([context.source.sha256, args, base, dockerfile]))
    .digest('hex')
    .slice(0, 16);

/** Builds in a temporary folder. `$u` is the file that was uploaded. */
function build(tag: string, options: ImageOptions, recipe: string): Script {
  const { leftovers } = options;
  const flags = [...buildArguments(options), `--label=${RECIPE}=${recipe}`, `--tag=${tag}`];
  return sh`${inContext(options)}
${logged(sh`docker build ${flags} "$d"/context`, `building ${tag}`, basedOn(tag, options))}
${leftovers ? sh`docker image prune --force --filter ${`label=${leftovers}`} >/dev/null` : sh`:`}`;
}

/** The options `--build-arg`, with which every builder is called. */
export const buildArguments = ({ args = {}, base }: ImageOptions): string[] =>
  Object.entries({ ...args, ...(base ? { BASE: base } : {}) }).map(
    ([name, value]) => `--build-arg=${name}=${value}`,
  );

/** Makes the temporary folder `$d` with the build context in `$d/context`, from the uploaded file `$u`. */
export const inContext = ({ context, dockerfile }: ImageOptions): Script => sh`d=$(mktemp -d)
trap 'rm -rf -- "$d" "$u"' EXIT
mkdir "$d"/context
cp -- "$u" "$d"/context/${context.name}
printf %s ${dockerfile} >"$d"/context/Dockerfile`;

/** Runs a builder with its steps as progress. If it fails, its last lines are the error, and `unreachable` may explain it. */
export const logged = (builder: Script, doing: string, unreachable: string): Script => sh`echo ${doing} >&9
{ r=0; ${builder} 2>&1 || r=$?; echo "$r" >"$d"/code; } | tee "$d"/log | sed -un '/^S[Tt][Ee][Pp]\|Pull\|^#[0-9]* \[/p' >&9
if [ "$(cat "$d"/code)" != 0 ]; then
tail -n 6 "$d"/log >&2
if grep -qE 'dial tcp|lookup |TLS handshake|denied|not found: manifest|manifest unknown' "$d"/log; then
echo ${unreachable} >&2
fi
exit 1
fi`;

/** The explanation when the base image cannot be pulled. */
export const basedOn = (tag: string, { hint }: ImageOptions) =>
  `this host cannot pull the base image of ${tag}${hint ? `: ${hint}` : ''}`;
