import { failure } from '../errors.ts';
import { type Batch, batched, type Probe } from '../language/resource.ts';
import type { Seen } from '../shell/exchange.ts';
import { lines, type Script, sh } from '../shell/sh.ts';

/** What to probe at a path in addition to `stat`. */
export interface PathQuery {
  readonly path: string;
  /** The expected sha256; if it is set, the actual one is probed. */
  readonly sha256?: string;
  /** When to fetch the text: if its sha256 `differs` (up to 64 KiB), `always` (up to 1 MiB) or `never`. */
  readonly text?: 'differs' | 'always' | 'never';
  /** Also finds one path below that does not belong to this owner and group. */
  readonly below?: { readonly owner: string; readonly group: string };
}

/** The state of a path; symbolic links are not followed. */
export interface PathState {
  readonly kind: 'absent' | 'file' | 'directory' | 'link' | 'other';
  readonly owner: string;
  readonly group: string;
  readonly uid: string;
  readonly gid: string;
  /** Four octal digits. */
  readonly mode: string;
  readonly size: number;
  /** The target of a symbolic link. */
  readonly target?: string;
  readonly sha256?: string;
  /** The complete text, if requested, small enough and valid UTF-8. */
  readonly text?: string;
  /** A path below that does not belong to the requested owner and group. */
  readonly stray?: string;
}

const missing: PathState = { kind: 'absent', owner: '', group: '', uid: '', gid: '', mode: '', size: 0 };
const DIFF_BYTES = 65_536;
const TEXT_BYTES = 1_048_576;

/** Probes a path. All resources that are paths share this batch: one `stat` and one `sha256sum` per exchange. */
export function path(query: PathQuery): Probe<PathState> {
  return batched(paths, query);
}

/** Probes all paths of one exchange. */
export const paths: Batch<PathQuery, PathState> = { name: 'paths', script, read };

function script(queries: readonly PathQuery[]): Script {
  const all = [...new Set(queries.map((query) => query.path))];
  const hashed = [...new Set(queries.filter(({ sha256 }) => sha256).map((query) => query.path))];
  const texts = new Map<string, Script>();
  for (const query of queries) if (query.text === 'always') texts.set(query.path, always(query));
  const differing = queries.filter((q) => q.text === 'differs' && q.sha256 && !texts.has(q.path));
  return lines([
    sh`QUOTING_STYLE=literal stat --printf '%f %u %g %U %G %s %N\n' -- ${all} 2>/dev/null || :`,
    ...(hashed.length > 0 ? [sums(hashed)] : []),
    ...(texts.size + differing.length > 0 ? [fetch] : []),
    ...texts.values(),
    ...differing.map(differs),
    ...queries.flatMap(below),
  ]);
}

/** Reads only regular files, because reading a pipe or a device might never end. */
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

const always = (query: PathQuery) => sh`t ${query.path} ${TEXT_BYTES}`;
const differs = ({ path, sha256 = '' }: PathQuery) => sh`d ${path} ${sha256}`;

function below({ path, below }: PathQuery): Script[] {
  if (!below) return [];
  const { owner, group } = below;
  return [
    sh`if [ -d ${path} ] && [ ! -L ${path} ]; then
printf 'stray %s\n' "$(find ${path} -mindepth 1 '(' '!' -user ${owner} -o '!' -group ${group} ')' -print -quit 2>/dev/null || echo ${path})"
fi`,
  ];
}

const kinds: Record<number, PathState['kind']> = { 32768: 'file', 16384: 'directory', 40960: 'link' };

function read({ code, stdout, stderr }: Seen, queries: readonly PathQuery[]): PathState[] {
  if (code !== 0)
    throw failure({
      what: 'the files could not be probed',
      why: `exit code ${code}`,
      said: stderr,
      todo: 'check that the host has stat and sha256sum (package coreutils)',
    });
  const requested = new Set(queries.map((query) => query.path));
  const found = new Map<string, PathState>();
  const add = (name: string, more: Partial<PathState>) =>
    found.set(name, { ...missing, ...found.get(name), ...more });
  for (const line of stdout.split('\n')) {
    const [, sum, summed] = /^([0-9a-f]{64}) {2}(.*)$/.exec(line) ?? [];
    const [, base64, fetched] = /^text ([\w+/=]*) (.*)$/.exec(line) ?? [];
    const [, stray] = /^stray (.+)$/.exec(line) ?? [];
    if (sum !== undefined && summed) add(summed, { sha256: sum });
    else if (base64 !== undefined && fetched) add(fetched, decoded(base64, found.get(fetched)?.size));
    else if (stray) add([...requested].filter((name) => within(stray, name)).at(-1) ?? '', { stray });
    else {
      const [name, state] = parseStat(line, requested);
      if (name !== undefined && state) add(name, state);
    }
  }
  return queries.map((query) => found.get(query.path) ?? missing);
}

const within = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`);

/** Parses a line of `stat`: `81a4 0 0 root root 12 /etc/motd`; for a link it ends with ` -> target`. */
function parseStat(line: string, requested: ReadonlySet<string>): [string?, PathState?] {
  const [, hex, uid, gid, owner, group, size, rest] =
    /^([0-9a-f]+) (\d+) (\d+) (\S+) (\S+) (\d+) (\/.*)$/.exec(line) ?? [];
  if (!hex || !uid || !gid || !owner || !group || !rest) return [];
  const bits = Number.parseInt(hex, 16);
  const kind = kinds[bits & 0xf000] ?? 'other';
  const mode = (bits & 0o7777).toString(8).padStart(4, '0');
  const state = { kind, owner, group, uid, gid, mode, size: Number(size) };
  if (kind !== 'link') return [rest, state];
  const name = [...requested].find((name) => rest.startsWith(`${name} -> `));
  return name === undefined ? [] : [name, { ...state, target: rest.slice(name.length + 4) }];
}

function decoded(base64: string, size = 0): { text?: string } {
  const bytes = Buffer.from(base64, 'base64');
  const text = bytes.toString('utf8');
  const whole = bytes.length === size && !text.includes('\0') && Buffer.from(text).equals(bytes);
  return whole ? { text } : {};
}
