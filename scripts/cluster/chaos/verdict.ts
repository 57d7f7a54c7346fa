import type { LoadReport } from '../load/report.ts';
import type { Provisioned } from './provisioner.ts';
import type { Bounds } from './scenario.ts';

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

export interface Measured {
  readonly load: Pick<LoadReport, 'lost' | 'calls' | 'problems' | 'skipped' | 'seconds'>;
  readonly recoveredAfter: number;
  readonly healthyAfter: number;
}

/** Names of requests that only read; reading a counter increments it. */
const reading = /^GET (?!\/counter)/;
/** Names of requests that it may do harm to send twice. */
const unsafe = /^(POST|PATCH) |^GET \/counter/;

export function verdictOf(
  bounds: Bounds,
  { load, recoveredAfter, healthyAfter }: Measured,
  { provisioned, replaced, wrong }: Findings,
): Verdict {
  const { kept, others, mayLose } = lossesOf(bounds, load);
  const { recoveredSeconds = Number.POSITIVE_INFINITY, healthySeconds } = bounds;
  const which = { all: 'requests', idempotent: 'idempotent requests', reads: 'read requests' };
  const why = [
    ...wrong,
    ...(kept > 0 ? [`${kept} ${which[bounds.protects]} lost`] : []),
    ...(others > mayLose ? [`${others} other requests lost; the bound is ${mayLose}`] : []),
    ...(recoveredAfter > recoveredSeconds
      ? [`recovered after ${recoveredAfter} s; the bound is ${recoveredSeconds} s`]
      : []),
    ...(healthyAfter > healthySeconds
      ? [`healthy after ${healthyAfter} s; the bound is ${healthySeconds} s`]
      : []),
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

/** The bounds as the table shows them: the protected requests of which none may be lost, the most of the others, and the times. */
export function boundsOf(bounds: Bounds, load: Measured['load']): string {
  const { protects, recoveredSeconds, healthySeconds } = bounds;
  const others = protects === 'all' ? '' : `, ${lossesOf(bounds, load).mayLose} other`;
  const which = { all: '0', idempotent: '0 idempotent', reads: '0 reads' }[protects];
  const recovered = recoveredSeconds === undefined ? '' : `${recoveredSeconds} s, `;
  return `${which}${others}; ${recovered}${healthySeconds} s`;
}

/** How many protected requests were lost, how many of the others, and how many of those may be lost. */
function lossesOf({ protects, losesSeconds = 0 }: Bounds, { lost, calls, seconds }: Measured['load']) {
  const isKept = (name: string) =>
    protects === 'all' || (protects === 'reads' ? reading.test(name) : !unsafe.test(name));
  const all = lost.idempotent + lost.others;
  let [kept, asked] = [0, 0];
  for (const [name, call] of Object.entries(calls)) {
    if (isKept(name)) kept += Object.values(call.errors).reduce((sum, number) => sum + number, 0);
    else asked += call.asked;
  }
  return { kept, others: all - kept, mayLose: Math.round((asked / Math.max(seconds, 1)) * losesSeconds) };
}
