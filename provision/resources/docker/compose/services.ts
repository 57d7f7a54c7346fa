import type { Change, Resource } from '../../../language/resource.ts';
import { type Script, sh } from '../../../shell/sh.ts';
import {
  type ComposeProject,
  type ComposeQuestion,
  type ComposeState,
  type Container,
  composeProject,
} from './project.ts';

/** A service that has one container. */
export interface ComposeService {
  readonly image: string;
  /** Files that its container reads when it starts. The container is recreated when one is newer than its start. */
  readonly files: readonly string[];
}

/** By name. */
export type Services = Readonly<Record<string, ComposeService>>;

export const question = (project: ComposeProject, services: Services): ComposeQuestion => ({
  ...project,
  images: Object.values(services).map(({ image }) => image),
  files: Object.values(services).flatMap(({ files }) => files),
});

export interface ComposeUpOptions extends ComposeProject {
  readonly services: Services;
  /** Seconds that the services may take to become healthy. */
  readonly seconds: number;
}

/**
 * The services run as compose.yml and its variables define them, and are healthy. A service that is already in this
 * state is left alone: no container is recreated or restarted because of another.
 */
export function up({ services, seconds, ...project }: ComposeUpOptions): Resource<ComposeState> {
  return {
    kind: 'docker.compose.up',
    name: Object.keys(services).join(' '),
    timeout: seconds + 300,
    probe: composeProject(question(project, services)),
    plan: (state) => {
      if (state.broken) return [refused(project)];
      const todo = Object.entries(services).flatMap(([name, service]) => {
        const action = actionFor(name, service, state);
        return action ? [{ name, ...action }] : [];
      });
      if (todo.length === 0) return [];
      const recreate = todo.filter(({ how }) => how === 'recreate').map(({ name }) => name);
      const restart = todo.filter(({ how }) => how === 'restart').map(({ name }) => name);
      const script = sh`cd ${project.folder}
${recreate.length > 0 ? recreated(recreate) : sh`:`}
${restart.length > 0 ? sh`docker compose restart --no-deps --timeout 10 ${restart} >/dev/null 2>&1` : sh`:`}
${healthy(project, [...recreate, ...restart], seconds)}`;
      return [{ summary: todo.map(({ why }) => why).join('; '), script }];
    },
  };
}

/** A change that fails with Compose's error about the project's files. */
export const refused = ({ folder }: ComposeProject): Change => ({
  summary: 'fail: Compose rejects the project’s files',
  script: sh`docker compose --project-directory ${folder} config --quiet`,
});

type Action = { readonly how: 'recreate' | 'restart'; readonly why: string } | undefined;

/** The change that a service needs; undefined when it needs none. */
function actionFor(name: string, { image, files }: ComposeService, state: ComposeState): Action {
  const container = state.containers.get(name);
  if (!container) return { how: 'recreate', why: `create ${name}` };
  const why = outdated(container, state.hashes.get(name), state.images.get(image), files, state);
  if (why) return { how: 'recreate', why: `recreate ${name}: ${why}` };
  if (container.status !== 'running')
    return { how: 'recreate', why: `start ${name} (status: ${container.status})` };
  if (container.health === 'unhealthy') return { how: 'restart', why: `restart ${name}: it is unhealthy` };
  return undefined;
}

/** Why a container differs from one created now; undefined when it does not. */
export function outdated(
  { hash, imageId, started }: Container,
  wanted: string | undefined,
  image: string | undefined,
  files: readonly string[],
  state: ComposeState,
): string | undefined {
  if (hash !== wanted) return 'its configuration has changed';
  if (image !== undefined && imageId !== image) return 'its image has changed';
  const newer = files.filter((file) => (state.written.get(file) ?? 0) > started);
  if (newer.length > 0) return `${newer.map((file) => file.split('/').at(-1)).join(', ')} has changed`;
  return undefined;
}

/** `--force-recreate`, because Compose does not notice a mounted file that has changed. */
const recreated = (names: readonly string[]): Script => sh`echo ${`starting ${names.join(', ')}`} >&9
said=$(docker compose up --detach --no-deps --force-recreate --pull missing ${names} 2>&1) || {
printf '%s\n' "$said" | tail -n 8 >&2
exit 1
}`;

/** Waits until the services are healthy. Fails with the last log lines of the first one that is not. */
const healthy = (
  { project }: ComposeProject,
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
echo "$bad; the end of its log:" >&2
docker logs --tail 8 "$(docker compose ps --all --quiet "$one")" >&2 2>&1 || :
echo "for more: docker compose --project-directory $PWD logs $one" >&2
exit 1
fi
done
if [ -z "$left" ]; then break; fi
if [ "$left" != "$before" ]; then echo "waiting until healthy:$left" >&9; before=$left; fi
sleep 4
done`;
