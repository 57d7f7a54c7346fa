import { type Batch, batched, type Probe, type Seen } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';

/** What is asked about a Compose project on a host. */
export interface Question {
  readonly project: string;
  /** Names of images that its services are to be made of. */
  readonly images: readonly string[];
  /** Files that containers read once, when they start. */
  readonly files: readonly string[];
}

/** A container of a service. */
export interface Container {
  readonly id: string;
  /** `running`, `exited`, `restarting`, `created`, … */
  readonly status: string;
  /** `healthy`, `unhealthy`, `starting`, or `none` where nothing checks it. */
  readonly health: string;
  /** Compose's hash of the configuration that it was made with. */
  readonly hash: string;
  /** What it was made of: the name, and the id that the name had then. */
  readonly image: string;
  readonly imageId: string;
  /** Seconds since 1970. */
  readonly started: number;
}

export interface Project {
  /** By service. */
  readonly containers: ReadonlyMap<string, Container>;
  /** What Compose would give each service now. Empty where there is no project yet. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Compose does not take the files as they are. */
  readonly broken: boolean;
  /** Ids of the images that are on the host, by name. */
  readonly images: ReadonlyMap<string, string>;
  /** When a file was written, in seconds since 1970; those that are there. */
  readonly written: ReadonlyMap<string, number>;
  /** The slot that nginx asks. */
  readonly live: Slot;
  /** compose.override.yml, whole; empty when it is missing. */
  readonly override: string;
}

export type Slot = 'a' | 'b';

export const folderOf = (project: string) => `/opt/${project}`;
export const overrideOf = (project: string) => `${folderOf(project)}/compose.override.yml`;
/** The file whose presence has nginx ask slot b. */
export const switchOf = (project: string) => `${folderOf(project)}/nginx/live/b`;

/** Looks at a project: all resources of the role ask here, so that a probeProject costs five programs, however many ask. */
export const probeProject = (question: Question): Probe<Project> => batched(projects, question);

const projects: Batch<Question, Project> = {
  name: 'compose',
  script: ([first, ...others]) => script(together(first, others)),
  read: (seen, [first, ...others]) => {
    const one = read(seen, together(first, others));
    return [one, ...others.map(() => one)];
  },
};

function together(first: Question | undefined, others: readonly Question[]): Question {
  const all = first ? [first, ...others] : others;
  const unique = (list: readonly string[]) => [...new Set(list)];
  return {
    project: first?.project ?? '',
    images: unique(all.flatMap(({ images }) => images)),
    files: unique(all.flatMap(({ files }) => files)),
  };
}

const CONTAINER =
  '{{index .Config.Labels "com.docker.compose.service"}} {{.ID}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{index .Config.Labels "com.docker.compose.config-hash"}} {{.Config.Image}} {{.Image}} {{.State.StartedAt}}';

const script = ({ project, images, files }: Question) => sh`cd ${folderOf(project)} 2>/dev/null || exit 0
command -v docker >/dev/null || exit 0
echo '= containers'
docker ps --all --quiet --no-trunc --filter ${`label=com.docker.compose.project=${project}`} --filter label=com.docker.compose.oneoff=False | xargs -r docker inspect --format ${CONTAINER} || :
echo '= hashes'
if [ -e compose.yml ]; then docker compose config --hash '*' 2>/dev/null || echo '= broken'; fi
echo '= images'
exec 4>&1
m=$(docker image inspect --format '{{.ID}}' ${images} 2>&1 >&4) || :
echo '= missing'
printf '%s\n' "$m" | sed -n 's/.*No such image: //p'
echo '= written'
stat --printf '%.9Y %n\n' ${files} 2>/dev/null || :
echo '= live'
if [ -e ${switchOf(project)} ]; then echo b; else echo a; fi
echo '= override'
cat ${overrideOf(project)} 2>/dev/null || :`;

function read({ stdout }: Seen, { images }: Question): Project {
  const parts = new Map(
    stdout.split(/^= /m).map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1)];
    }),
  );
  const rows = (name: string) =>
    (parts.get(name) ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' '));
  const missing = new Set(rows('missing').flat());
  const there = images.filter((image) => !missing.has(image));
  return {
    containers: new Map(rows('containers').map(containerOf)),
    broken: parts.has('broken'),
    hashes: new Map(rows('hashes').map(([service = '', hash = '']) => [service, hash])),
    images: new Map(rows('images').map(([id = ''], i) => [there[i] ?? '', id])),
    written: new Map(rows('written').map(([seconds, name = '']) => [name, Number(seconds)])),
    live: parts.get('live') === 'b\n' ? 'b' : 'a',
    override: parts.get('override') ?? '',
  };
}

function containerOf(words: readonly string[]): [string, Container] {
  const [service = '', id = '', status = '', health = '', hash = '', image = '', imageId = '', started = ''] =
    words;
  return [service, { id, status, health, hash, image, imageId, started: Date.parse(started) / 1000 }];
}
