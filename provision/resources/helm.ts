import { history, inUse, previousOf, revisionsOf, values } from './helm/history.ts';
import { release } from './helm/release.ts';
import { removed } from './helm/removal.ts';
import { rolledBack } from './helm/rollback.ts';
import { valuesIn } from './helm/values.ts';

/** Releases of Helm charts, by the programs `helm` and `kubectl` that are on the host. */
export const helm = {
  release,
  rollback: rolledBack,
  /** Not a resource: a script that prints the revisions of a release. */
  history,
  /** Not a resource: the revisions of a release, from the output of `history`. */
  revisionsOf,
  /** Not a resource: a script that prints the values of a release. */
  values,
  /** Not a resource: the revision to roll back to, from the output of `history`. */
  previousOf,
  /** Not a resource: what is in use of a release, from the output of `history`. */
  inUse,
  absent: removed,
  /** Not a resource: the values in a file, checked with the chart's schema. */
  valuesIn,
};
