import { type Batch, batched, type Probe } from '../../../language/resource.ts';
import { lines, sh } from '../../../shell/sh.ts';

/** A Compose project on a host. */
export interface ComposeProject {
  /** Its name (`docker compose --project-name`). */
  readonly project: string;
  /** The folder with its compose.yml, compose.override.yml and .env. */
  readonly folder: string;
}

/** What a resource needs to know about a project. */
export interface ComposeQuestion extends ComposeProject {
  /** Images that the host may have, by name. */
  readonly images: readonly string[];
  /** Files that containers read once, when they start. */
  readonly files: readonly string[];
  /** Files whose text is needed. */
  readonly texts?: readonly string[];
}

/** The container of a service. */
export interface Container {
  readonly id: string;
  /** `running`, `exited`, `restarting`, `created`, … */
  readonly status: string;
  /** `healthy`, `unhealthy`, `starting`, or `none` when there is no health check. */
  readonly health: string;
  /** Compose's hash of the configuration that the container was created with. */
  readonly hash: string;
  /** The name of its image, and the image's id when the container was created. */
  readonly image: string;
  readonly imageId: string;
  /** Seconds since 1970. */
  readonly started: number;
}

export interface ComposeState {
  /** By service. */
  readonly containers: ReadonlyMap<string, Container>;
  /** The configuration hash that a new container of each service would have. Empty if there is no project yet. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Compose rejects the project's files. */
  readonly broken: boolean;
  /** Ids of the images that are on the host, by name. */
  readonly images: ReadonlyMap<string, string>;
  /** When each of the files was written, in seconds since 1970. Missing files are left out. */
  readonly written: ReadonlyMap<string, number>;
  /** The text of each of the files asked for. Missing files are left out. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Probes a project. All questions about the same project share one script of five commands. */
export const composeProject = (question: ComposeQuestion): Probe<ComposeState> => batched(projects, question);

const projects: Batch<ComposeQuestion, ComposeState> = {
  name: 'compose',
  script: (questions) => lines(coalesced(questions).map(script)),
  read: ({ stdout }, questions) => {
    const states = new Map(
      coalesced(questions).map((question) => [question.project, read(stdout, question)] as const),
    );
    return questions.map(({ project }) => states.get(project) as ComposeState);
  },
};

/** One question for each project. */
function coalesced(questions: readonly ComposeQuestion[]): ComposeQuestion[] {
  const unique = (list: readonly string[]) => [...new Set(list)];
  return unique(questions.map(({ project }) => project)).flatMap((project) => {
    const same = questions.filter((one) => one.project === project);
    const [first] = same;
    if (!first) return [];
    return [
      {
        ...first,
        images: unique(same.flatMap(({ images }) => images)),
        files: unique(same.flatMap(({ files }) => files)),
        texts: unique(same.flatMap(({ texts = [] }) => texts)),
      },
    ];
  });
}

const CONTAINER =
  '{{index .Config.Labels "com.docker.compose.service"}} {{.ID}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{index .Config.Labels "com.docker.compose.config-hash"}} {{.Config.Image}} {{.Image}} {{.State.StartedAt}}';

/** Sections begin with `= `. The lines of a text begin with `|`, so that no text can look like a section. */
const script = ({ project, folder, images, files, texts = [] }: ComposeQuestion) => sh`(
cd ${folder} 2>/dev/null || exit 0
command -v docker >/dev/null || exit 0
echo ${`@${project}`}
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
for text in ${texts}; do
if [ -e "$text" ]; then echo "= text $text"; sed 's/^/|/' "$text"; echo; fi
done
)`;

function read(stdout: string, { project, images }: ComposeQuestion): ComposeState {
  const own = stdout.split(/^@/m).find((part) => part.startsWith(`${project}\n`)) ?? '';
  const sections = new Map(
    own.split(/^= /m).map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1)];
    }),
  );
  const rows = (name: string) =>
    (sections.get(name) ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' '));
  const missing = new Set(rows('missing').flat());
  const found = images.filter((image) => !missing.has(image));
  return {
    containers: new Map(rows('containers').map(containerOf)),
    broken: sections.has('broken'),
    hashes: new Map(rows('hashes').map(([service = '', hash = '']) => [service, hash])),
    images: new Map(rows('images').map(([id = ''], i) => [found[i] ?? '', id])),
    written: new Map(rows('written').map(([seconds, name = '']) => [name, Number(seconds)])),
    texts: new Map([...sections].flatMap(textOf)),
  };
}

function textOf([title, printed]: readonly [string, string]): [string, string][] {
  if (!title.startsWith('text ')) return [];
  return [[title.slice('text '.length), printed.replace(/\n$/, '').replace(/^\|/gm, '')]];
}

function containerOf(words: readonly string[]): [string, Container] {
  const [service = '', id = '', status = '', health = '', hash = '', image = '', imageId = '', started = ''] =
    words;
  return [service, { id, status, health, hash, image, imageId, started: Date.parse(started) / 1000 }];
}
