import { history, previousOf, rolledBack } from './helm/history.ts';
import { release } from './helm/release.ts';
import { removed } from './helm/removal.ts';
import { valuesIn } from './helm/values.ts';

/** Releases of Helm charts, by the programs `helm` and `kubectl` that are on the host. */
export const helm = {
  release,
  rollback: rolledBack,
  /** Not a resource: a script that prints the revisions of a release. */
  history,
  /** Not a resource: the revision to roll back to, from the output of `history`. */
  previousOf,
  absent: removed,
  /** Not a resource: the values in a file, checked with the chart's schema. */
  valuesIn,
};
