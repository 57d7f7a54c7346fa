import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../../provision/index.ts';
import type { LoadReport } from '../load/report.ts';
import { type Load, startLoad } from '../load/traffic.ts';
import { summaryOf } from '../sessions.ts';
import { type Monitor, startMonitor } from './monitor.ts';
import type { Provisioned } from './provisioner.ts';
import { replacedIn } from './replaced.ts';
import type { Bounds, Inject, Revert, Scenario } from './scenario.ts';
import type { Subject } from './subject.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export interface ExperimentOptions {
  /** Requests per second. */
  readonly rate: number;
  /** The minimum number of requests. */
  readonly requests: number;
}

/** The result of a scenario. Times are seconds after the fault was injected. */
export interface Result {
  readonly scenario: string;
  readonly description: string;
  readonly bounds: Bounds;
  readonly verdict: Verdict;
  /** When the last request was lost and all replicas ran again. */
  readonly recoveredAfter: number;
  /** When the fault was reverted and the cluster reported no problem. */
  readonly healthyAfter: number;
  readonly load: LoadReport;
  /** The provisioning run afterwards, and the services whose healthy tasks it replaced. */
  readonly provisioned: Provisioned;
  readonly replaced: readonly string[];
}

/** Seconds of load before the fault, without loss at the end, and until the cluster must be healthy. */
const [BEFORE, STEADY, DEADLINE_SECONDS] = [10, 10, 1200];

/** Runs one scenario on a healthy cluster under load and provisions it again. @throws ProvisionError if it is not healthy */
export async function runExperiment<Target extends Subject>(
  target: Target,
  scenario: Scenario<Target>,
  options: ExperimentOptions,
): Promise<Result> {
  await requireHealthy(target);
  const inject = await scenario.prepare(target);
  const { urls, health } = target;
  const load = await startLoad({ urls, rate: options.rate, health, retry: true });
  let ended: LoadReport | undefined;
  try {
    await sleep(BEFORE * 1000);
    await target.settle?.();
    const began = performance.now();
    const monitor = startMonitor(target);
    const wrong = await injectFault(target, scenario, inject)
      .then(async (wrong) => [...wrong, ...(await untilSteady(target, { load, monitor }, options))])
      .finally(() => monitor.stop());
    const lastLoss = performance.now() - load.secondsWithoutLoss() * 1000;
    ended = await load.stop();
    const since = (at: number | undefined) => Number((Math.max(0, (at ?? began) - began) / 1000).toFixed(1));
    const lost = ended.lost.idempotent + ended.lost.others > 0;
    const recoveredAfter = Math.max(since(lost ? lastLoss : began), since(monitor.lastUnderReplicated()));
    const figures = {
      recoveredAfter,
      healthyAfter: Math.max(recoveredAfter, since(monitor.lastUnhealthy())),
    };
    const { provisioned, replaced } = await provisionAgain(target, scenario);
    const { name, description, bounds } = scenario;
    const verdict = verdictOf(bounds, { load: ended, ...figures }, { provisioned, replaced, wrong });
    const scenarioName = target.variant === undefined ? name : `${name} (${target.variant})`;
    return {
      scenario: scenarioName,
      description,
      bounds,
      verdict,
      ...figures,
      load: ended,
      provisioned,
      replaced,
    };
  } finally {
    if (!ended) await load.stop();
  }
}

/** Injects the fault, holds it and reverts it. Returns the errors of these steps. */
async function injectFault(
  target: Subject,
  { description, holdSeconds = 0 }: Pick<Scenario<never>, 'description' | 'holdSeconds'>,
  inject: Inject,
): Promise<string[]> {
  target.progress(description);
  const wrong: string[] = [];
  let revert: Revert | undefined;
  try {
    revert = await inject();
    for (let left = holdSeconds; left > 0; left--) {
      target.progress(`${description}: ${holdSeconds - left} s`);
      await sleep(1000);
    }
  } catch (error) {
    wrong.push(summaryOf(error));
  }
  await revert?.().catch((error) => wrong.push(summaryOf(error)));
  return wrong;
}

/** Waits until the cluster is healthy, no request is lost and enough were sent. Returns what is wrong at the deadline. */
async function untilSteady(
  target: Subject,
  { load, monitor }: { load: Load; monitor: Monitor },
  { requests, rate }: ExperimentOptions,
): Promise<string[]> {
  const reverted = performance.now();
  const observed = () => monitor.problems(reverted);
  const isSteady = () =>
    observed()?.length === 0 && load.secondsWithoutLoss() > STEADY && load.report().asked >= requests;
  const seconds = DEADLINE_SECONDS + requests / rate;
  if (
    await until(isSteady, seconds, () =>
      target.progress(`waiting: ${observed()?.[0] ?? `until no request is lost for ${STEADY} s`}`),
    )
  )
    return [];
  return [
    `not healthy again within ${Math.round(seconds)} s: ${observed()?.join('; ') || 'requests are still being lost'}`,
  ];
}

async function requireHealthy(target: Subject): Promise<void> {
  const { problems } = await target.observe();
  if (problems.length === 0) return;
  throw failure({
    place: target.approach,
    what: 'the cluster is not healthy',
    said: problems.join('\n'),
    todo: `npm run provision -- ${target.approach}`,
  });
}

/** Provisions again, which must leave healthy replicas alone. */
async function provisionAgain(target: Subject, { mayReplace = [] }: Pick<Scenario<never>, 'mayReplace'>) {
  const before = await target.observe();
  const provisioned = await target.provision();
  const replaced = replacedIn(before, await target.observe(), mayReplace);
  return { provisioned, replaced };
}

/** Waits until a condition holds; false after `seconds`. */
async function until(holds: () => boolean, seconds: number, meanwhile = () => {}): Promise<boolean> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(1000)) {
    if (holds()) return true;
    meanwhile();
  }
  return holds();
}
