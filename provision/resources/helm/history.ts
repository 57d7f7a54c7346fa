import { type Script, sh } from '../../shell/sh.ts';
import { environment, KUBECONFIG } from '../kubernetes/cluster.ts';
import { releaseName } from './release.ts';

/** Where a release is. */
export interface Where {
  namespace: string;
  kubeconfig?: string;
}

/** A script that prints the revisions of a release, or nothing if there is none. `previousOf` and `inUse` read its output. */
export const history = (name: string, where: Where): Script => printed(['history'], name, where);

/** A script that prints the values of a release as JSON, or nothing if there is no release. Default: of its newest revision. */
export const values = (name: string, { revision, ...where }: Where & { revision?: number }): Script =>
  printed(['get', 'values', ...(revision === undefined ? [] : [`--revision=${revision}`])], name, where);

/** Nothing is printed on a host without Helm or without access to a cluster, either. */
const printed = (
  words: readonly string[],
  name: string,
  { namespace, kubeconfig = KUBECONFIG }: Where,
): Script => sh`${environment}
if ! [ -e ${kubeconfig} ] || ! command -v helm >/dev/null; then exit 0; fi
e=$(mktemp)
trap 'rm -f -- "$e"' EXIT
r=0
KUBECONFIG=${kubeconfig} helm ${words} ${releaseName(name)} --namespace=${namespace} --output=json 2>"$e" || r=$?
if [ $r != 0 ] && ! grep -q 'release: not found' "$e"; then
cat "$e" >&2
exit 1
fi`;

/** A revision of a release, as `helm history` prints it. */
export interface Revision {
  readonly revision: number;
  readonly status: string;
  readonly description: string;
}

export const revisionsOf = (text: string): readonly Revision[] =>
  text.trim() === '' ? [] : (JSON.parse(text) as readonly Revision[]);

/**
 * The revision to roll back to: the newest one that was in use and that describes something else than the current one.
 * Revisions that repeat another one, because of a repair or a rollback, describe the same. Undefined if there is none.
 */
export function previousOf(text: string): number | undefined {
  const all = revisionsOf(text);
  const current = all.findLast(({ status }) => status === 'deployed');
  if (!current) return undefined;
  const now = describes(current, all);
  return all.findLast(
    (one) => one.status === 'superseded' && one.revision < current.revision && describes(one, all) !== now,
  )?.revision;
}

/** What is in use of a release. */
export interface InUse {
  /** As the resource that released it has described it, for example the version. */
  readonly describes: string;
  /** Why the last change of the release failed, if it did: another revision is in use since. */
  readonly failed?: string;
}

/** Undefined if no revision is in use. */
export function inUse(text: string): InUse | undefined {
  const all = revisionsOf(text);
  const current = all.findLast(({ status }) => status === 'deployed');
  if (!current) return undefined;
  const failed = failureIn(all);
  return { describes: describes(current, all), ...(failed === undefined ? {} : { failed }) };
}

/** The last revision has failed, or Helm has rolled back from one that has failed. */
function failureIn(all: readonly Revision[]): string | undefined {
  const [last, before] = [all.at(-1), all.at(-2)];
  if (last && last.status !== 'deployed') return last.description;
  return last && backTo(last) !== undefined && before?.status === 'failed' ? before.description : undefined;
}

/** What a revision describes; for a rollback, what the revision describes that it goes back to. */
export function describes(one: Revision, all: readonly Revision[]): string {
  const target = all.find(({ revision }) => revision === backTo(one));
  return target && target.revision < one.revision ? describes(target, all) : one.description;
}

/** The revision that a rollback went back to. */
function backTo({ description }: Revision): number | undefined {
  const [, to] = /^Rollback to (\d+)$/.exec(description) ?? [];
  return to === undefined ? undefined : Number(to);
}
