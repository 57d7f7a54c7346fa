import type { Resource } from '../../provision/authoring.ts';
import { type Script, sh } from '../../provision/index.ts';
import { type Container, folderOf, type Project, probeProject } from './project.ts';

/** A service that is there once, by its name. */
export interface Service {
  readonly image: string;
  /** Files that its container reads when it starts; one that is written later has it made anew. */
  readonly files: readonly string[];
}

export type Services = Readonly<Record<string, Service>>;

const question = (project: string, services: Services) => ({
  project,
  images: Object.values(services).map(({ image }) => image),
  files: Object.values(services).flatMap(({ files }) => files),
});

/** The images of the services are on the host. One that is there is not asked for again. */
export function images(project: string, services: Services): Resource<Project> {
  const wanted = [...new Set(Object.values(services).map(({ image }) => image))];
  return {
    kind: 'compose.images',
    name: wanted.join(' '),
    timeout: 3600,
    probe: probeProject(question(project, services)),
    plan: (state) =>
      wanted
        .filter((image) => !state.images.has(image))
        .map((image) => ({ summary: `pull ${image}`, script: pull(image) })),
  };
}

const pull = (image: string): Script => sh`echo ${`pulling ${image}`} >&9
said=$(docker pull --quiet ${image} 2>&1) || {
printf '%s\n' "$said" | tail -n 4 >&2
echo ${`${image} cannot be had from here: -e docker.mirrors=[URL] names another place to pull from; docker load puts one on the machine that was saved elsewhere`} >&2
exit 1
}`;

/**
 * The services run as compose.yml and its variables say, and are healthy. What is so already is not touched: no
 * container is made anew or restarted for another's sake.
 */
export function up(project: string, services: Services, seconds: number): Resource<Project> {
  return {
    kind: 'compose.up',
    name: Object.keys(services).join(' '),
    timeout: seconds + 300,
    probe: probeProject(question(project, services)),
    plan: (state) => {
      if (state.broken) return [refused(project)];
      const todo = Object.entries(services).flatMap(([name, service]) => {
        const verdict = judge(name, service, state);
        return verdict ? [{ name, ...verdict }] : [];
      });
      if (todo.length === 0) return [];
      const anew = todo.filter(({ how }) => how === 'anew').map(({ name }) => name);
      const restart = todo.filter(({ how }) => how === 'restart').map(({ name }) => name);
      const script = sh`cd ${folderOf(project)}
${anew.length > 0 ? make(anew) : sh`:`}
${restart.length > 0 ? sh`docker compose restart --no-deps --timeout 10 ${restart} >/dev/null 2>&1` : sh`:`}
${healthy(project, [...anew, ...restart], seconds)}`;
      return [{ summary: todo.map(({ why }) => why).join('; '), script }];
    },
  };
}

/** Compose's own words about files that it does not take. */
export const refused = (project: string) => ({
  summary: 'refused: Compose does not take the project’s files',
  script: sh`docker compose --project-directory ${folderOf(project)} config --quiet`,
});

type Verdict = { readonly how: 'anew' | 'restart'; readonly why: string } | undefined;

/** What has to be done for a service to be as it should; nothing when it is. */
function judge(name: string, { image, files }: Service, state: Project): Verdict {
  const container = state.containers.get(name);
  if (!container) return { how: 'anew', why: `create ${name}` };
  const why = outdated(container, state.hashes.get(name), state.images.get(image), files, state);
  if (why) return { how: 'anew', why: `recreate ${name}: ${why}` };
  if (container.status !== 'running') return { how: 'anew', why: `start ${name}: it is ${container.status}` };
  if (container.health === 'unhealthy') return { how: 'restart', why: `restart ${name}: it is unhealthy` };
  return undefined;
}

/** Why a container is not what would be made now. */
export function outdated(
  { hash, imageId, started }: Container,
  wanted: string | undefined,
  image: string | undefined,
  files: readonly string[],
  state: Project,
): string | undefined {
  if (hash !== wanted) return 'its configuration has changed';
  if (image !== undefined && imageId !== image) return 'its image has changed';
  const newer = files.filter((file) => (state.written.get(file) ?? 0) > started);
  if (newer.length > 0) return `${newer.map((file) => file.split('/').at(-1)).join(', ')} has changed`;
  return undefined;
}

/** `--force-recreate` also for what Compose itself sees no need for: a file that is mounted. */
const make = (names: readonly string[]): Script => sh`echo ${`starting ${names.join(', ')}`} >&9
said=$(docker compose up --detach --no-deps --force-recreate --pull missing ${names} 2>&1) || {
printf '%s\n' "$said" | tail -n 8 >&2
exit 1
}`;

/** Waits until the services are healthy, or fails with the last words of the first that will not be. */
const healthy = (
  project: string,
  names: readonly string[],
  seconds: number,
): Script => sh`end=$(($(date +%s) + ${seconds})) before=
while :; do
now=$(docker ps --all --filter ${`label=com.docker.compose.project=${project}`} --format '{{.Label "com.docker.compose.service"}} {{.State}} {{.Status}}')
left= bad=
for one in ${names}; do
line=$(printf '%s\n' "$now" | grep "^$one " || :)
case $line in
*'(unhealthy)'*) bad="$one is unhealthy" ;;
*' running '*'(health: starting)'*) left="$left $one" ;;
*' running '*) continue ;;
*' created '*) left="$left $one" ;;
*) bad="$one does not stay up ($(printf %s "$line" | cut -d ' ' -f 3-))" ;;
esac
if [ -z "$bad" ] && [ "$(date +%s)" -gt "$end" ]; then bad="$one is not healthy yet"; fi
if [ -n "$bad" ]; then
echo "$bad; its last words:" >&2
docker logs --tail 8 "$(docker compose ps --all --quiet "$one")" >&2 2>&1 || :
echo "more of it: docker compose --project-directory $PWD logs $one" >&2
exit 1
fi
done
if [ -z "$left" ]; then break; fi
if [ "$left" != "$before" ]; then echo "waiting until healthy:$left" >&9; before=$left; fi
sleep 4
done`;
