import type { Change } from '../../language/resource.ts';
import { type Script, sh } from '../../shell/sh.ts';
import { environment } from '../kubernetes/cluster.ts';
import { unpack } from './chart.ts';
import type { Decision } from './decision.ts';
import { watched } from './pods.ts';
import type { Question, Recorded } from './probe.ts';
import { recover } from './recovery.ts';

export interface Upgrade extends Question {
  readonly describes: string | undefined;
  readonly wait: boolean;
  /** Seconds. */
  readonly timeout: number;
  readonly recorded: Recorded | undefined;
}

/**
 * Installs or upgrades a release, in a private folder `$d` that is removed afterwards. Helm rolls back by itself when
 * something does not become ready; the pods that failed are gone then, so their logs are collected while it waits.
 *
 * Objects are applied by the server. Where somebody else has changed a field that the chart sets, the chart wins.
 */
export function upgrade(options: Upgrade, { summary, diff }: Decision): Change {
  const { name, namespace, kubeconfig, chart, values, describes, wait, timeout, recorded } = options;
  const flags = [
    `--namespace=${namespace}`,
    '--server-side=true',
    '--force-conflicts',
    '--reset-values',
    '--history-max=10',
    `--timeout=${timeout}s`,
    ...(wait ? ['--wait', '--rollback-on-failure'] : []),
    ...(describes === undefined ? [] : [`--description=${describes}`]),
  ];
  const script = sh`${environment}
${requirePrograms}
export KUBECONFIG=${kubeconfig}
d=$(mktemp -d)
trap 'rm -rf -- "$d"' EXIT
${unpack(chart)}
printf %s ${values} >"$d"/values
${recorded ? recover(name, namespace, recorded, timeout) : sh`:`}
${watched(namespace, sh`( cd "$d" && exec helm upgrade --install ${flags} --values "$d"/values -- ${name} ./${chart.folder} )`)}`;
  return { summary, ...(diff ? { diff } : {}), script };
}

/** @see roles/helm, which installs one of them */
const requirePrograms: Script = sh`for one in helm kubectl; do
if ! command -v "$one" >/dev/null; then echo "the program $one is not installed on this host" >&2; exit 1; fi
done`;
