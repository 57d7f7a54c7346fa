import type { LoadReport } from '../load/report.ts';
import type { Provisioned } from './provisioner.ts';
import type { Scenario } from './scenario.ts';

/** Whether a scenario met its bounds; if not, why. */
export interface Verdict {
  readonly ok: boolean;
  readonly why: readonly string[];
}

export interface Findings {
  readonly provisioned: Pick<Provisioned, 'exitCode' | 'errors'>;
  /** Services whose healthy tasks the provisioner replaced. */
  readonly replaced: readonly string[];
  /** Errors in the scenario itself. */
  readonly wrong: readonly string[];
}

/** Names of requests that only read; reading a counter increments it. */
const reading = /^GET (?!\/counter)/;

export function verdictOf(
  { protects }: Pick<Scenario, 'protects'>,
  load: Pick<LoadReport, 'lost' | 'calls' | 'problems' | 'skipped'>,
  { provisioned, replaced, wrong }: Findings,
): Verdict {
  const { idempotent, others } = load.lost;
  const reads = Object.entries(load.calls)
    .filter(([name]) => reading.test(name))
    .reduce((sum, [, { errors }]) => sum + Object.values(errors).reduce((all, number) => all + number, 0), 0);
  const excess = { all: idempotent + others, idempotent, reads, nothing: 0 }[protects];
  const which = {
    all: 'requests',
    idempotent: 'idempotent requests',
    reads: 'read requests',
    nothing: '',
  };
  const why = [
    ...wrong,
    ...(excess > 0 ? [`${excess} ${which[protects]} lost`] : []),
    ...(load.skipped > 0 ? [`${load.skipped} requests were not sent`] : []),
    ...load.problems,
    ...(provisioned.exitCode === 0
      ? []
      : [`the next provisioning run failed: ${provisioned.errors.join('; ')}`]),
    ...(replaced.length > 0
      ? [`the next provisioning run replaced ${[...new Set(replaced)].join(', ')}`]
      : []),
  ];
  return { ok: why.length === 0, why };
}
