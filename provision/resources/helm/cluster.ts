import { parse, stringify } from 'yaml';
import { fieldsThatDiffer, isObject, type Json, nameOf } from './objects.ts';

/** An object that the release would create or change in the cluster, as the API server answered a dry run. */
export interface ObjectChange {
  /** `Deployment app` */
  readonly object: string;
  /** The paths that change; empty if the object does not exist. */
  readonly fields: readonly string[];
  /** The object as YAML; empty if it does not exist. */
  readonly before: string;
  readonly after: string;
}

/** An object as it is, and as it would be: YAML that `kubectl diff` wrote, in which values of Secrets are masked. */
export interface Pair {
  readonly before: string;
  readonly after: string;
}

/** What really differs. `scaled` has the objects whose number of replicas an autoscaler sets. */
export function changesOf(pairs: readonly Pair[], scaled: ReadonlySet<string>): ObjectChange[] {
  return pairs.flatMap(({ before, after }) => {
    const wanted = cleaned(parse(after));
    const object = nameOf(wanted);
    const live = before.trim() === '' ? undefined : cleaned(parse(before));
    if (!live) return [{ object, fields: [], before: '', after: stringify(wanted) }];
    const fields = fieldsThatDiffer(live, wanted).filter(
      (path) => path !== 'spec.replicas' || !scaled.has(object),
    );
    if (fields.length === 0) return [];
    return [{ object, fields, before: stringify(live), after: stringify(wanted) }];
  });
}

/** What the API server and Helm itself add to an object: no difference between what is and what should be. */
const OWN = ['creationTimestamp', 'generation', 'managedFields', 'resourceVersion', 'selfLink', 'uid'];
const MARKS = ['meta.helm.sh/release-name', 'meta.helm.sh/release-namespace', 'app.kubernetes.io/managed-by'];

function cleaned(read: unknown): Json {
  const { status: _, metadata, ...rest } = isObject(read) ? read : {};
  const { annotations, labels, ...about } = without(metadata, OWN);
  return {
    ...rest,
    metadata: { ...about, annotations: without(annotations, MARKS), labels: without(labels, MARKS) },
  };
}

const without = (object: unknown, keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(isObject(object) ? object : {}).filter(([key]) => !keys.includes(key)));
