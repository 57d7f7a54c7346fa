import type { LoadReport } from '../load/tally.ts';
import type { Provisioned } from './provision.ts';
import type { Scenario } from './scenario.ts';

/** Whether all held that has to; if not, why not. */
export interface Verdict {
  readonly ok: boolean;
  readonly why: readonly string[];
}

export interface Aftermath {
  readonly provisioned: Pick<Provisioned, 'exitCode' | 'errors'>;
  /** Healthy tasks that the provisioner has replaced. */
  readonly touched: readonly string[];
  /** What went wrong with the scenario itself. */
  readonly wrong: readonly string[];
}

/** Names of requests that only read; a counter counts. */
const reading = /^GET (?!\/counter)/;

export function judge(
  { keeps }: Pick<Scenario, 'keeps'>,
  load: Pick<LoadReport, 'lost' | 'calls' | 'problems' | 'skipped'>,
  { provisioned, touched, wrong }: Aftermath,
): Verdict {
  const { idempotent, others } = load.lost;
  const reads = Object.entries(load.calls)
    .filter(([name]) => reading.test(name))
    .reduce((sum, [, { words }]) => sum + Object.values(words).reduce((all, number) => all + number, 0), 0);
  const may = { all: idempotent + others, idempotent, reads, nothing: 0 }[keeps];
  const which = {
    all: 'requests',
    idempotent: 'idempotent requests',
    reads: 'reading requests',
    nothing: '',
  };
  const why = [
    ...wrong,
    ...(may > 0 ? [`${may} ${which[keeps]} lost`] : []),
    ...(load.skipped > 0 ? [`${load.skipped} requests were not sent`] : []),
    ...load.problems,
    ...(provisioned.exitCode === 0
      ? []
      : [`provisioning afterwards failed: ${provisioned.errors.join('; ')}`]),
    ...(touched.length > 0 ? [`provisioning afterwards replaced ${[...new Set(touched)].join(', ')}`] : []),
  ];
  return { ok: why.length === 0, why };
}
