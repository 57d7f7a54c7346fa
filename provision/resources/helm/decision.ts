import { failure } from '../../errors.ts';
import type { Diff } from '../../language/resource.ts';
import { silent } from '../kubernetes/cluster.ts';
import type { Chart } from './chart.ts';
import type { ObjectChange } from './cluster.ts';
import { fieldsThatDiffer, isHook, type Json, objectsOf } from './objects.ts';
import type { Recorded, ReleaseState } from './probe.ts';

/** What a release should be. */
interface Wanted {
  readonly chart: Pick<Chart, 'name' | 'version'>;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Why a release has to be upgraded, and what that changes in the cluster. */
export interface Decision {
  readonly summary: string;
  readonly diff?: Diff;
}

/**
 * What has to be done about a release; undefined if it is as it should be. Pure.
 *
 * @throws ProvisionError (failed) if the cluster does not answer, the chart cannot be rendered, or the API server
 * refuses what it renders
 */
export function decide(wanted: Wanted, state: ReleaseState): Decision | undefined {
  const { recorded, changes, rendered } = state;
  refuse(state);
  const chart = `${wanted.chart.name}-${wanted.chart.version}`;
  if (!recorded) {
    const names = [...objectsOf(rendered)].map(([name]) => name);
    const what = names.length > 0 ? `: ${some(names, 40)}` : '';
    return { summary: `install ${chart}${what}` };
  }
  const differences = recordDifferences({ chart, values: wanted.values }, recorded, rendered);
  const shown = new Set(changes.map(({ object }) => object));
  const words = [
    ...differences.filter(({ object }) => !shown.has(object)).map(({ words }) => words),
    ...changes.map(wordsOf),
  ];
  const diff = changes.length > 0 ? { diff: diffOf(changes) } : {};
  const broken = brokenBy(recorded);
  if (broken !== undefined) return { summary: [broken, ...words].join('; '), ...diff };
  if (differences.length > 0) return { summary: `upgrade: ${words.join('; ')}`, ...diff };
  if (changes.length === 0) return undefined;
  return { summary: `undo manual changes: ${changes.map(driftOf).join('; ')}`, ...diff };
}

function refuse({ cluster, failed, error }: ReleaseState): void {
  const said = error
    .split('\n')
    .filter((line) => !/^(W|I|WARNING|level=)/.test(line))
    .join('\n');
  if (cluster === 'silent') throw silent(said);
  if (failed === 'render')
    throw failure({
      what: 'the chart cannot be rendered with these values',
      said,
      todo: 'correct the values, or the template that the message names',
    });
  if (failed === 'dry run')
    throw failure({
      what: 'the API server refuses what the chart renders (dry run)',
      said,
      todo: 'an immutable field can only change if the object is deleted first: kubectl delete --cascade=orphan …',
    });
}

/** What is wrong with the last revision: it failed, or the program that worked on it was killed. */
function brokenBy({ status, revision, process }: Recorded): string | undefined {
  if (status === 'deployed') return undefined;
  if (status === 'failed') return `upgrade again: revision ${revision} failed`;
  if (status === 'uninstalled') return 'install again';
  if (process > 0) return `wait for helm (process ${process}): revision ${revision} is ${status}`;
  return `recover: revision ${revision} is ${status}, but nothing works on it`;
}

/** A difference between a record and what the chart renders now. */
interface Difference {
  /** The object, or what else differs. */
  readonly object: string;
  readonly words: string;
}

function recordDifferences(
  wanted: { readonly chart: string; readonly values: Json },
  recorded: Recorded,
  rendered: string,
): Difference[] {
  const values = fieldsThatDiffer(recorded.values, wanted.values);
  const [before, after] =
    recorded.manifest === rendered
      ? [new Map<string, Json>(), new Map<string, Json>()]
      : [objectsOf(recorded.manifest), objectsOf(rendered)];
  return [
    ...(recorded.chart === wanted.chart
      ? []
      : [{ object: 'chart', words: `${recorded.chart} → ${wanted.chart}` }]),
    ...(values.length === 0 ? [] : [{ object: 'values', words: `values ${some(values, 3)}` }]),
    ...[...new Set([...before.keys(), ...after.keys()])].flatMap((object) => {
      const words = difference(object, before.get(object), after.get(object));
      return words === undefined ? [] : [{ object, words }];
    }),
  ];
}

function difference(name: string, before: Json | undefined, after: Json | undefined): string | undefined {
  if (!after) return before && isHook(before) ? `hook ${name} is gone` : `delete ${name}`;
  const fields = before ? fieldsThatDiffer(before, after) : [];
  if (before && fields.length === 0) return undefined;
  const what = before ? `${name}: ${some(fields, 3)}` : `create ${name}`;
  return isHook(after) ? `hook ${what}` : what;
}

const wordsOf = ({ object, fields }: ObjectChange) =>
  fields.length === 0 ? `create ${object}` : `${object}: ${some(fields, 3)}`;
const driftOf = ({ object, fields }: ObjectChange) =>
  fields.length === 0 ? `${object} (deleted)` : `${object} (${some(fields, 3)})`;

/** The first of some words, and how many more there are. */
const some = (words: readonly string[], most: number): string =>
  words.length <= most
    ? words.join(', ')
    : `${words.slice(0, most).join(', ')} and ${words.length - most} more`;

const diffOf = (changes: readonly ObjectChange[]): Diff => ({
  path: 'objects in the cluster',
  before: changes.map(({ before }) => before).join('---\n'),
  after: changes.map(({ after }) => after).join('---\n'),
});
