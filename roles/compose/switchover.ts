import {
  type ComposeQuestion,
  type ComposeState,
  composeProject,
  composeRefused,
  outdated,
  type Resource,
} from '../../provision/authoring.ts';
import { type Script, sh } from '../../provision/index.ts';
import {
  folderOf,
  other,
  overrideText,
  type Slot,
  type Slots,
  serviceOf,
  slotsOf,
  switchOf,
  writeOverride,
} from './slots.ts';

export interface ReleaseOptions {
  readonly project: string;
  /** The image of the release, with its tag. */
  readonly image: string;
  /** Files that the application reads when it starts. */
  readonly files: readonly string[];
  /** The first three numbers of the network in which the slots have the addresses .11 and .12. */
  readonly network: string;
  /** Seconds until it must be ready. */
  readonly seconds: number;
  readonly question: ComposeQuestion;
}

/**
 * The slot that nginx sends requests to runs this release, with the current configuration. If it does not, the release
 * is started in the other slot. Once that slot is healthy and ready, nginx switches to it when a file is created or
 * removed: no connection is closed and no request is sent twice. Then the old slot drains and stops. If the release
 * does not become ready, nothing is switched.
 */
export function liveRelease(options: ReleaseOptions): Resource<ComposeState> {
  const { project, image, question } = options;
  return {
    kind: 'compose.release',
    name: image,
    timeout: options.seconds + 600,
    probe: composeProject(question),
    plan: (state) => {
      if (state.broken) return [composeRefused(question)];
      const slots = slotsOf(project, state);
      const why = difference(state, slots.live, options);
      if (why !== undefined) {
        const to = slots[slots.live] === undefined ? slots.live : other(slots.live);
        return [{ summary: `${why} (slot ${to})`, script: switched(options, slots, to) }];
      }
      const idle = other(slots.live);
      if (state.containers.get(serviceOf(idle))?.status !== 'running') return [];
      return [{ summary: `stop ${serviceOf(idle)}, which no longer serves`, script: stop(project, idle) }];
    },
  };
}

/** How the live slot differs from what it should run; undefined when it does not. */
function difference(state: ComposeState, live: Slot, { image, files }: ReleaseOptions): string | undefined {
  const service = serviceOf(live);
  const container = state.containers.get(service);
  if (!container) return `start ${image}`;
  const id = state.images.get(image);
  if (container.imageId !== id) return `switch to ${image} from ${container.image}`;
  const why = outdated(container, state.hashes.get(service), id, files, state);
  if (why) return `switch to a new container of ${image}: ${why}`;
  if (container.status !== 'running')
    return `switch to a new container of ${image}: the status of the current one is ${container.status}`;
  if (container.health === 'unhealthy')
    return `switch to a new container of ${image}: the current one is unhealthy`;
  return undefined;
}

function switched(options: ReleaseOptions, before: Slots, to: Slot): Script {
  const { project, image, seconds, network } = options;
  const [service, from] = [serviceOf(to), other(to)];
  const first = before[from] === undefined;
  const during = { ...before, live: to, [to]: image };
  const url = `http://${network}.${to === 'a' ? 11 : 12}:3000/readyz`;
  return sh`cd ${folderOf(project)}
docker image inspect ${image} >/dev/null
d=$(mktemp -d)
trap 'rm -rf -- "$d"' EXIT
# Reports the end of the log and the reason, and restores the slot.
refuse() {
grep -v '^ *at \|^$' "$d"/said | tail -n 8 >&2
echo "$1" >&2
docker compose rm --stop --force ${service} >/dev/null 2>&1 || :
${first ? sh`rm -f compose.override.yml` : writeOverride(project, overrideText(before))}
${before[to] === undefined ? sh`:` : sh`docker compose up --no-start --no-deps ${service} >/dev/null 2>&1 || :`}
exit 1
}
said() { docker logs --tail 40 "$id" >"$d"/said 2>&1 || :; }
kept=${first ? 'no other release is available' : `${before[from]} continues to serve`}
docker compose rm --stop --force ${service} >"$d"/said 2>&1
${writeOverride(project, overrideText(during, true))}
echo ${`${image}: migrating`} >&9
docker compose run --rm --no-deps -T migrate >"$d"/said 2>&1 || refuse ${`${image} cannot migrate the database; `}"$kept"
echo ${`${image}: starting in slot ${to}`} >&9
docker compose up --detach --no-deps ${service} >"$d"/said 2>&1 || refuse ${`${image} cannot be started; `}"$kept"
id=$(docker compose ps --all --quiet ${service})
end=$(($(date +%s) + ${seconds})) health=starting tries=0
# Docker is asked only every fourth time, because each question starts its large client program.
while :; do
answer=$(curl --silent --max-time 5 --write-out ' (%{http_code})' ${url} 2>&1 || :)
case $((tries % 4))$answer in
0*|*' (200)')
now=$(docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}} {{.RestartCount}}' "$id")
case $now in
running*' 0') health=$(printf %s "$now" | cut -d ' ' -f 2) ;;
*) said; refuse ${`${image} does not stay up; `}"$kept" ;;
esac
case $health$answer in healthy*' (200)') break ;; esac
;;
esac
tries=$((tries + 1))
if [ "$(date +%s)" -gt "$end" ]; then said; refuse ${`${image} is not ready after ${seconds} s: it is `}"$health and answers $answer; $kept"; fi
echo ${`${image}: waiting until ready: `}"it is $health and answers $answer" >&9
sleep 2
done
${to === 'b' ? sh`: >${switchOf(project)}` : sh`rm -f ${switchOf(project)}`}
sync nginx/live
${first ? sh`:` : stop(project, from)}
${writeOverride(project, overrideText(during))}`;
}

/** The application drains by itself: it answers the requests it has, and exits. */
const stop = (project: string, slot: Slot): Script => sh`echo ${`${serviceOf(slot)}: draining`} >&9
docker compose --project-directory ${folderOf(project)} stop ${serviceOf(slot)} >/dev/null 2>&1`;
