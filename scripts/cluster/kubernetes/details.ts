import { isNodeReady } from '../../../approaches/approach_4/cluster/nodes.ts';
import type { Objects, Pod, Release } from '../../../approaches/approach_4/cluster/objects.ts';
import { endedContainer } from '../../../approaches/approach_4/cluster/pods.ts';
import { KUBECONFIG, kubectl } from '../../../provision/authoring.ts';
import { lines, type Script, sh } from '../../../provision/index.ts';
import { describes, type Revision } from '../../../provision/resources/helm/history.ts';
import { environment } from '../../../provision/resources/kubernetes/cluster.ts';
import { askReplica, askSentinel, type Data, readData } from '../status/data.ts';

/** What only Helm and the data services themselves know. */
export interface Details {
  readonly releases: readonly Release[];
  /** What the data services report, by namespace. */
  readonly data: Readonly<Record<string, Data>>;
  /** The last lines of containers that have ended, by pod, such as `production/theapp-7c9f`. */
  readonly logs: Readonly<Record<string, readonly string[]>>;
}

const questions: Readonly<Record<string, { readonly kind: string; readonly ask: string }>> = {
  mysql: { kind: 'database', ask: askReplica },
  sentinel: { kind: 'sentinel', ask: askSentinel },
};

/**
 * The pods of data services that can be asked: those on a node that is ready. The first pod of MariaDB is the primary,
 * the others follow it.
 */
function asked({ pods, nodes }: Objects) {
  const ready = new Set(nodes.filter(isNodeReady).map(({ metadata }) => metadata.name));
  return pods.flatMap((pod) => {
    const { nodeName: host = '' } = pod.spec;
    const { labels = {}, deletionTimestamp, namespace = '', name } = pod.metadata;
    const question =
      labels['app.kubernetes.io/part-of'] === 'theapp' &&
      questions[labels['app.kubernetes.io/component'] ?? ''];
    if (!question || deletionTimestamp || pod.status.phase !== 'Running' || !ready.has(host)) return [];
    const { kind, ask } = question;
    const follows = kind === 'database' && (labels['apps.kubernetes.io/pod-index'] ?? '0') !== '0';
    return [{ kind: follows ? 'replica' : kind, ask, namespace, name, host }];
  });
}

/** How many seconds an answer may take; how many logs are read, and how many lines of each. */
const [SECONDS, LOGS, LINES] = [10, 4, 3];

/** Prints what the container said last before it ended. */
const logOf = ({ metadata }: Pod, container: string): Script => {
  const { namespace = '', name } = metadata;
  const logs = sh`${kubectl} logs --namespace ${namespace} ${name} --container ${container} --tail ${LINES}`;
  const script = sh`${logs} --previous 2>/dev/null || ${logs} 2>/dev/null`;
  return sh`ask log ${namespace} ${name} sh -c ${script.text} &`;
};

/**
 * Asks Helm about its releases, and the data services inside their pods, where the passwords are. All are asked at the
 * same time, and each may fail alone.
 */
export function detailsProbe(releases: readonly Release[], objects: Objects): Script {
  const histories = releases.map(
    ({ namespace, name }) =>
      sh`ask release ${namespace} ${name} helm history ${name} --namespace ${namespace} --output json &`,
  );
  const execs = asked(objects).map(
    ({ namespace, name, kind, ask }) =>
      sh`ask ${kind} ${namespace} ${name} ${kubectl} exec --namespace ${namespace} ${name} -- sh -c ${ask} &`,
  );
  const ended = objects.pods.flatMap((pod) => {
    const container = endedContainer(pod);
    return container === undefined ? [] : [logOf(pod, container)];
  });
  return sh`${environment}
export KUBECONFIG=${KUBECONFIG}
d=$(mktemp -d)
trap 'rm -rf -- "$d"' EXIT
ask() {
kind=$1 namespace=$2 name=$3
shift 3
{ printf '\n=== %s %s %s\n' "$kind" "$namespace" "$name"; timeout ${SECONDS} "$@" </dev/null 2>&1 || :; } >"$d/$kind.$namespace.$name"
}
${lines([...histories, ...execs, ...ended.slice(0, LOGS)])}
wait
cat "$d"/* 2>/dev/null || :`;
}

/** Reads the output of `detailsProbe`. */
export function readDetails(printed: string, releases: readonly Release[], objects: Objects): Details {
  const parts = printed
    .split(/^=== /m)
    .slice(1)
    .map((part) => {
      const [, kind = '', namespace = '', name = '', body = ''] =
        /^(\S+) (\S+) (\S+)\n([\s\S]*)$/.exec(part) ?? [];
      return { kind, namespace, name, body };
    });
  const answers = asked(objects).map(({ namespace, name, kind, host }) => {
    const body = parts.find(
      (part) => part.kind === kind && part.namespace === namespace && part.name === name,
    );
    return { namespace, host, text: `== ${kind} ${name}\n${body?.body ?? ''}` };
  });
  const namespaces = [...new Set(answers.map(({ namespace }) => namespace))];
  return {
    releases: releases.map((release) => {
      const { namespace, name } = release;
      const part = parts.find(
        (one) => one.kind === 'release' && one.namespace === namespace && one.name === name,
      );
      return { ...release, ...recordedIn(part?.body ?? '', release) };
    }),
    data: Object.fromEntries(
      namespaces.map((namespace) => [
        namespace,
        readData(answers.filter((answer) => answer.namespace === namespace)),
      ]),
    ),
    logs: Object.fromEntries(
      parts
        .filter(({ kind }) => kind === 'log')
        .map(({ namespace, name, body }) => [`${namespace}/${name}`, body.split('\n').filter(Boolean)]),
    ),
  };
}

/** The output of `helm history`. */
function recordedIn(printed: string, { revision }: Release): Partial<Release> {
  const line = printed.split('\n').find((one) => one.startsWith('['));
  const all = line === undefined ? [] : (JSON.parse(line) as readonly Recorded[]);
  const found = all.find((one) => one.revision === revision);
  return found ? { chart: found.chart, describes: describes(found, all), updated: found.updated } : {};
}

interface Recorded extends Revision {
  readonly updated: string;
  readonly chart: string;
}
