import type { CronJob } from '../../../approaches/approach_4/cluster/objects.ts';

/** Seconds after which a run that was scheduled should have started a job. */
const LATE = 60;

/** A job that is not running, and that did not succeed the last time it was due. */
export function cronJobProblems({ metadata, spec, status }: CronJob, now: number): string[] {
  const due = Date.parse(status.lastScheduleTime ?? '');
  const succeeded = Date.parse(status.lastSuccessfulTime ?? '') || 0;
  const late = due > succeeded && now - due > LATE * 1000;
  if (spec.suspend || !late || (status.active ?? []).length > 0) return [];
  return [`${metadata.namespace}/${metadata.name}: the run of ${status.lastScheduleTime} did not succeed`];
}
