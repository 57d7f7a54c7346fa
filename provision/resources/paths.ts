import { failure } from '../errors.ts';
import { type Batch, batched, type Probe } from '../language/resource.ts';
import type { Seen } from '../shell/exchange.ts';
import { lines, type Script, sh } from '../shell/sh.ts';

/** What is wanted to be known of a path besides what `stat` says. */
export interface PathQuestion {
  readonly path: string;
  /** The sha256 is asked for; the text comes with it when it is another than this. */
  readonly sha256?: string;
  /** Whether the text may be fetched: `differs` from the sha256 (up to 64 KiB), `always` (up to 1 MiB) or `never`. */
  readonly text?: 'differs' | 'always' | 'never';
  /** Asks for one path below that does not belong to this owner and group. */
  readonly below?: { readonly owner: string; readonly group: string };
}

/** What stands at a path; a symbolic link is never followed. */
export interface PathState {
  readonly kind: 'absent' | 'file' | 'directory' | 'link' | 'other';
  readonly owner: string;
  readonly group: string;
  readonly uid: string;
  readonly gid: string;
  /** Four octal digits. */
  readonly mode: string;
  readonly size: number;
  /** Where a symbolic link points. */
  readonly target?: string;
  readonly sha256?: string;
  /** Whole text, when asked for, small enough and UTF-8. */
  readonly text?: string;
  /** A path below that does not belong to who was asked about. */
  readonly stray?: string;
}

const nowhere: PathState = { kind: 'absent', owner: '', group: '', uid: '', gid: '', mode: '', size: 0 };
const DIFF_BYTES = 65_536;
const TEXT_BYTES = 1_048_576;

/** Looks at a path. Every resource that is a path asks here, so that all of a run cost one `stat` and one `sha256sum`. */
export function path(question: PathQuestion): Probe<PathState> {
  return batched(paths, question);
}

/** All paths of one exchange. */
export const paths: Batch<PathQuestion, PathState> = { name: 'paths', script, read };

function script(questions: readonly PathQuestion[]): Script {
  const all = [...new Set(questions.map((question) => question.path))];
  const hashed = [...new Set(questions.filter(({ sha256 }) => sha256).map((question) => question.path))];
  const texts = new Map<string, Script>();
  for (const question of questions)
    if (question.text === 'always') texts.set(question.path, always(question));
  const differing = questions.filter((q) => q.text === 'differs' && q.sha256 && !texts.has(q.path));
  return lines([
    sh`QUOTING_STYLE=literal stat --printf '%f %u %g %U %G %s %N\n' -- ${all} 2>/dev/null || :`,
    ...(hashed.length > 0 ? [sums(hashed)] : []),
    ...(texts.size + differing.length > 0 ? [fetch] : []),
    ...texts.values(),
    ...differing.map(differs),
    ...questions.flatMap(below),
  ]);
}

/** Only regular files are read: a pipe or a device would never end. */
const sums = (hashed: readonly string[]) => sh`s=
set --
for p in ${hashed}; do if [ -f "$p" ] && [ ! -L "$p" ]; then set -- "$@" "$p"; fi; done
if [ $# -gt 0 ]; then s=$(sha256sum -- "$@" 2>/dev/null) || :; fi
printf 'sums\n%s\n' "$s"`;

const fetch = sh`t() {
if [ -f "$1" ] && [ ! -L "$1" ]; then printf 'text '; head -c "$2" -- "$1" | base64 -w 0; printf ' %s\n' "$1"; fi
}
n='
'
d() { case "$n$s$n" in *"$n$2  $1$n"*) ;; *) t "$1" ${DIFF_BYTES};; esac; }`;

const always = (question: PathQuestion) => sh`t ${question.path} ${TEXT_BYTES}`;
const differs = ({ path, sha256 = '' }: PathQuestion) => sh`d ${path} ${sha256}`;

function below({ path, below }: PathQuestion): Script[] {
  if (!below) return [];
  const { owner, group } = below;
  return [
    sh`if [ -d ${path} ] && [ ! -L ${path} ]; then
printf 'stray %s\n' "$(find ${path} -mindepth 1 '(' '!' -user ${owner} -o '!' -group ${group} ')' -print -quit 2>/dev/null || echo ${path})"
fi`,
  ];
}

const kinds: Record<number, PathState['kind']> = { 32768: 'file', 16384: 'directory', 40960: 'link' };

function read({ code, stdout, stderr }: Seen, questions: readonly PathQuestion[]): PathState[] {
  if (code !== 0) throw failure({ what: 'the look at files failed', why: `exit code ${code}`, said: stderr });
  const asked = new Set(questions.map((question) => question.path));
  const found = new Map<string, PathState>();
  const add = (name: string, more: Partial<PathState>) =>
    found.set(name, { ...nowhere, ...found.get(name), ...more });
  for (const line of stdout.split('\n')) {
    const [, sum, summed] = /^([0-9a-f]{64}) {2}(.*)$/.exec(line) ?? [];
    const [, base64, fetched] = /^text ([\w+/=]*) (.*)$/.exec(line) ?? [];
    const [, stray] = /^stray (.+)$/.exec(line) ?? [];
    if (sum !== undefined && summed) add(summed, { sha256: sum });
    else if (base64 !== undefined && fetched) add(fetched, decoded(base64, found.get(fetched)?.size));
    else if (stray) add([...asked].filter((name) => within(stray, name)).at(-1) ?? '', { stray });
    else {
      const [name, state] = stated(line, asked);
      if (name !== undefined && state) add(name, state);
    }
  }
  return questions.map((question) => found.get(question.path) ?? nowhere);
}

const within = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`);

/** One line of `stat`: `81a4 0 0 root root 12 /etc/motd`, a link's ends with ` -> target`. */
function stated(line: string, asked: ReadonlySet<string>): [string?, PathState?] {
  const [, hex, uid, gid, owner, group, size, rest] =
    /^([0-9a-f]+) (\d+) (\d+) (\S+) (\S+) (\d+) (\/.*)$/.exec(line) ?? [];
  if (!hex || !uid || !gid || !owner || !group || !rest) return [];
  const bits = Number.parseInt(hex, 16);
  const kind = kinds[bits & 0xf000] ?? 'other';
  const mode = (bits & 0o7777).toString(8).padStart(4, '0');
  const state = { kind, owner, group, uid, gid, mode, size: Number(size) };
  if (kind !== 'link') return [rest, state];
  const name = [...asked].find((name) => rest.startsWith(`${name} -> `));
  return name === undefined ? [] : [name, { ...state, target: rest.slice(name.length + 4) }];
}

function decoded(base64: string, size = 0): { text?: string } {
  const bytes = Buffer.from(base64, 'base64');
  const text = bytes.toString('utf8');
  const whole = bytes.length === size && !text.includes('\0') && Buffer.from(text).equals(bytes);
  return whole ? { text } : {};
}
