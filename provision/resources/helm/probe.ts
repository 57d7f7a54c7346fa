import type { Batch } from '../../language/resource.ts';
import { lines, type Script, sh } from '../../shell/sh.ts';
import { environment } from '../kubernetes/cluster.ts';
import { type Chart, unpack } from './chart.ts';
import { changesOf, type ObjectChange } from './cluster.ts';

/** Which release is asked for, and what it should contain. */
export interface Question {
  readonly name: string;
  readonly namespace: string;
  readonly kubeconfig: string;
  readonly chart: Chart;
  /** JSON. */
  readonly values: string;
}

/** A release as Helm has recorded it. */
export interface Recorded {
  readonly status: string;
  readonly revision: number;
  /** The name and version of the chart, such as `theapp-0.1.0`. */
  readonly chart: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** All its manifests, with those of its hooks. */
  readonly manifest: string;
  /** The process on the host that is working on it; 0 if there is none. */
  readonly process: number;
}

/** What a host knows of a release. */
export interface ReleaseState {
  /** `none`: this host has no Helm, or no access to a cluster yet. */
  readonly cluster: 'none' | 'silent' | 'answers';
  readonly recorded?: Recorded;
  /** The manifests that the chart renders now, with those of its hooks. */
  readonly rendered: string;
  /** What an upgrade would change in the cluster now. */
  readonly changes: readonly ObjectChange[];
  /** Why the cluster does not answer, the chart cannot be rendered, or the API server refuses the result. */
  readonly error: string;
  readonly failed: '' | 'connect' | 'render' | 'dry run';
}

/** One script for all releases; they are probed at the same time. Nothing is written to the cluster or kept on the host. */
export const releases: Batch<Question, ReleaseState> = {
  name: 'helm.release',
  script: (args) => sh`${environment}
if ! command -v helm >/dev/null || ! command -v kubectl >/dev/null; then exit 0; fi
all=$(mktemp -d)
trap 'rm -rf -- "$all"' EXIT
umask 077
squeezed() { awk ${SQUEEZE} "$1"; }
${lines(args.map((arg, i) => start(arg, i)))}
wait
for part in "$all"/*/answer; do cat "$part"; done`,
  read: ({ stdout }, args) => {
    const parts = stdout.split(/^@/m);
    return args.map((_, i) => stateOf(parts.find((part) => part.startsWith(`${digits(i)}\n`))));
  },
};

const digits = (i: number) => String(i).padStart(3, '0');

/** A release in the background, with its own folder `$d`. Each file is an answer, or the error in its place. */
const start = (question: Question, i: number): Script => {
  const { name, namespace, kubeconfig, chart, values } = question;
  return sh`(
d="$all"/${digits(i)}
mkdir "$d"
exec >"$d"/answer 2>"$d"/errors
echo ${`@${digits(i)}`}
if ! [ -e ${kubeconfig} ]; then exit 0; fi
export KUBECONFIG=${kubeconfig} TMPDIR="$d"
${unpack(chart)}
printf %s ${values} >"$d"/values
render() { helm template ${name} "$d"/${chart.folder} --namespace ${namespace} --is-upgrade --dry-run=server --values "$d"/values "$@"; }
{ render >"$d"/rendered 2>"$d"/refusal && render --no-hooks >"$d"/wanted 2>"$d"/refusal; } &
job=$!
r=0
helm get all ${name} --namespace ${namespace} --template ${RECORD} >"$d"/recorded 2>"$d"/error || r=$?
if [ $r != 0 ] && ! grep -q 'release: not found' "$d"/error; then
echo '= connect'
quoted "$d"/error
exit 0
fi
echo '= answers'
if [ $r = 0 ]; then
sed -n '/^---$/q; s/^/recorded /p' "$d"/recorded
sed '1,/^---$/d' "$d"/recorded >"$d"/manifest
echo '= values'
helm get values ${name} --namespace ${namespace} --output json | sed 's/^/|/'
${running(name, namespace)}
fi
if ! wait "$job"; then
echo '= render'
quoted "$d"/refusal
exit 0
fi
if [ $r != 0 ]; then
echo '= rendered'
quoted "$d"/rendered
exit 0
fi
if [ "$(squeezed "$d"/manifest | sha256sum)" != "$(squeezed "$d"/rendered | sha256sum)" ]; then
echo '= recorded'
quoted "$d"/manifest
echo '= rendered'
quoted "$d"/rendered
fi
printf '%s\n' ${COMPARE} >"$d"/compare
chmod 700 "$d"/compare
k=0
KUBECTL_EXTERNAL_DIFF="$d"/compare kubectl diff --namespace ${namespace} --server-side --force-conflicts --field-manager=helm --concurrency=8 --filename "$d"/wanted 2>"$d"/error || k=$?
if [ $k = 1 ]; then
echo '= scaled'
kubectl get horizontalpodautoscalers --namespace ${namespace} --output go-template=${SCALED} | sed 's/^/|/'
fi
if [ $k -gt 1 ]; then
echo '= dry run'
quoted "$d"/error
fi
) </dev/null &`;
};

/** The process that installs or upgrades the release, if it runs on this host. */
const running = (name: string, namespace: string): Script => sh`for p in $(cd /proc && echo [0-9]*); do
if [ "$(cat /proc/"$p"/comm 2>/dev/null)" = helm ]; then
words=$(tr '\0' ' ' </proc/"$p"/cmdline 2>/dev/null || :)
if echo "$words" | grep -qE ${`helm (upgrade|rollback|uninstall) (.* )?${name} `} && echo "$words" | grep -qE -e ${`(-n|--namespace)[ =]${namespace} `}; then echo "process $p"; fi
fi
done`;

/** The first lines, up to `---`, are words; the rest has the same form as the output of `helm template`. */
const RECORD = `status {{.Release.Info.Status}}
revision {{.Release.Version}}
chart {{.Release.Chart.Metadata.Name}}-{{.Release.Chart.Metadata.Version}}
---
{{.Release.Manifest}}{{range .Release.Hooks}}---
# Source: {{.Path}}
{{.Manifest}}
{{end}}`;

/** Without the empty lines between objects, of which Helm keeps more than it prints. */
const SQUEEZE =
  '/^$/ { blank = blank "\\n"; next } { if ($0 != "---") printf "%s", blank; blank = ""; print }';

const SCALED = `{{range .items}}{{.spec.scaleTargetRef.kind}} {{.spec.scaleTargetRef.name}}{{"\\n"}}{{end}}`;

/**
 * Compares two folders for `kubectl diff`: prints the files that differ in more than the marks of Helm and of the API
 * server, which every object has.
 */
const COMPARE = `#!/bin/sh
plain() { awk '/^    (meta\\.helm\\.sh\\/release-name|meta\\.helm\\.sh\\/release-namespace|app\\.kubernetes\\.io\\/managed-by):/ || /^  generation:/ { next }
  held != "" { if ($0 ~ /^    /) print held; held = "" }
  /^  (annotations|labels):$/ { held = $0; next }
  { print }' "$1"; }
r=0
for file in "$2"/*; do
name=\${file##*/}
if [ "$(plain "$1/$name")" != "$(plain "$file")" ]; then
r=1
echo '= before'
sed 's/^/|/' "$1/$name"
echo '= after'
sed 's/^/|/' "$file"
fi
done
exit $r`;

function stateOf(part = ''): ReleaseState {
  const sections = part.split(/^= /m).map(section);
  const text = (name: string) => sections.find((one) => one.name === name)?.text ?? '';
  const failed = (['connect', 'render', 'dry run'] as const).find((name) =>
    sections.some((one) => one.name === name),
  );
  const answers = sections.some(({ name }) => name === 'answers');
  const recorded = recordOf(sections);
  const all = (name: string) => sections.flatMap((one) => (one.name === name ? [one.text] : []));
  const after = all('after');
  const pairs = all('before').map((before, i) => ({ before, after: after[i] ?? '' }));
  return {
    cluster: answers ? 'answers' : failed ? 'silent' : 'none',
    ...(recorded ? { recorded } : {}),
    rendered: text('rendered') || (recorded?.manifest ?? ''),
    changes: changesOf(pairs, new Set(text('scaled').split('\n').filter(Boolean))),
    error: failed ? text(failed).trim() : '',
    failed: failed ?? '',
  };
}

interface Section {
  readonly name: string;
  /** Lines that begin with a bar, which is removed. */
  readonly text: string;
  /** Lines such as `status deployed`, by their first word. */
  readonly words: ReadonlyMap<string, string>;
}

function section(part: string): Section {
  const [name = '', ...rest] = part.split('\n');
  const words = rest.flatMap((line) => {
    const [, key, value] = /^(?:recorded )?(status|revision|chart|process) (.*)$/.exec(line) ?? [];
    return key ? [[key, value ?? ''] as const] : [];
  });
  const quoted = rest.filter((line) => line.startsWith('|')).map((line) => `${line.slice(1)}\n`);
  return { name, text: quoted.join(''), words: new Map(words) };
}

function recordOf(sections: readonly Section[]): Recorded | undefined {
  const words = new Map(sections.flatMap((one) => [...one.words]));
  const status = words.get('status');
  if (status === undefined) return undefined;
  const text = (name: string) => sections.find((one) => one.name === name)?.text ?? '';
  return {
    status,
    revision: Number(words.get('revision')),
    chart: words.get('chart') ?? '',
    values: JSON.parse(text('values') || '{}') ?? {},
    manifest: text('recorded'),
    process: Number(words.get('process') ?? 0),
  };
}
