import type { Resource } from '../../provision/authoring.ts';
import { type Script, sh } from '../../provision/index.ts';
import { folderOf, type Project, probeProject, type Question, type Slot, switchOf } from './project.ts';
import { other, overrideText, type Slots, serviceOf, slotsOf, writeOverride } from './slots.ts';
import { outdated, refused } from './up.ts';

export interface ReleaseOptions {
  readonly project: string;
  /** The image of the release, with its tag. */
  readonly image: string;
  /** Files that the application reads when it starts. */
  readonly files: readonly string[];
  /** The first three numbers of the network where the slots have 11 and 12. */
  readonly network: string;
  /** Seconds until it must be ready. */
  readonly seconds: number;
  readonly question: Question;
}

/**
 * The slot that nginx asks runs this release, with the configuration that there is now. Otherwise the other slot is
 * made so; once that is healthy and ready nginx asks it, by a file that is put there or removed: no connection is
 * closed and nothing is sent twice. Then the slot before drains and stops. A release that does not become ready is not
 * switched to.
 */
export function release(options: ReleaseOptions): Resource<Project> {
  const { project, image, question } = options;
  return {
    kind: 'compose.release',
    name: image,
    timeout: options.seconds + 600,
    probe: probeProject(question),
    plan: (state) => {
      if (state.broken) return [refused(project)];
      const why = unlike(state, options);
      const known = slotsOf(state);
      if (why !== undefined) {
        const to = known[known.live] === undefined ? known.live : other(known.live);
        return [{ summary: `${why} (slot ${to})`, script: switched(options, known, to) }];
      }
      const idle = other(state.live);
      if (state.containers.get(serviceOf(idle))?.status !== 'running') return [];
      return [{ summary: `stop ${serviceOf(idle)}, which no longer serves`, script: stop(project, idle) }];
    },
  };
}

/** What is not so of the slot that serves; nothing when all is. */
function unlike(state: Project, { image, files }: ReleaseOptions): string | undefined {
  const service = serviceOf(state.live);
  const container = state.containers.get(service);
  if (!container) return `start ${image}`;
  const id = state.images.get(image);
  if (container.imageId !== id) return `switch to ${image} from ${container.image}`;
  const why = outdated(container, state.hashes.get(service), id, files, state);
  if (why) return `switch to a new container of ${image}: ${why}`;
  if (container.status !== 'running')
    return `switch to a new container of ${image}: it is ${container.status}`;
  if (container.health === 'unhealthy') return `switch to a new container of ${image}: it is unhealthy`;
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
# What it said, that it is not kept, and the slot as it was.
refuse() {
grep -v '^ *at \|^$' "$d"/said | tail -n 8 >&2
echo "$1" >&2
docker compose rm --stop --force ${service} >/dev/null 2>&1 || :
${first ? sh`rm -f compose.override.yml` : writeOverride(project, overrideText(before))}
${before[to] === undefined ? sh`:` : sh`docker compose up --no-start --no-deps ${service} >/dev/null 2>&1 || :`}
exit 1
}
said() { docker logs --tail 40 "$id" >"$d"/said 2>&1 || :; }
kept=${first ? 'there is no other that could serve' : `${before[from]} goes on serving`}
docker compose rm --stop --force ${service} >"$d"/said 2>&1
${writeOverride(project, overrideText(during, true))}
echo ${`${image}: migrating`} >&9
docker compose run --rm --no-deps -T migrate >"$d"/said 2>&1 || refuse ${`${image} cannot migrate the database; `}"$kept"
echo ${`${image}: starting in slot ${to}`} >&9
docker compose up --detach --no-deps ${service} >"$d"/said 2>&1 || refuse ${`${image} cannot be started; `}"$kept"
id=$(docker compose ps --all --quiet ${service})
end=$(($(date +%s) + ${seconds})) health=starting tries=0
# The application is asked often, Docker seldom: its client is a big program.
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
if [ "$(date +%s)" -gt "$end" ]; then said; refuse ${`${image} is not ready after ${seconds} s: it is `}"$health and says $answer; $kept"; fi
echo ${`${image}: waiting until ready: `}"it is $health and says $answer" >&9
sleep 2
done
${to === 'b' ? sh`: >${switchOf(project)}` : sh`rm -f ${switchOf(project)}`}
sync nginx/live
${first ? sh`:` : stop(project, from)}
${writeOverride(project, overrideText(during))}`;
}

/** Its drain is the application's own: it answers what it was asked, and ends. */
const stop = (project: string, slot: Slot): Script => sh`echo ${`${serviceOf(slot)}: draining`} >&9
docker compose --project-directory ${folderOf(project)} stop ${serviceOf(slot)} >/dev/null 2>&1`;
