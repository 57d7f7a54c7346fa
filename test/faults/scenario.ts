import { setTimeout as sleep } from 'node:timers/promises';
import { heal, inject, type Servers } from './servers.ts';
import { type Answers, type Fault, healthy, type RequestKind, type Row, requestKinds } from './table.ts';
import type { Answer, Traffic } from './traffic.ts';
import { startWatch, type Watch } from './watch.ts';

/** What was observed from just before a fault until everything had recovered. */
export interface Report {
  /** Entries of the table that were not observed during the fault: kinds of requests, signs. */
  missing: string[];
  /** What did not recover in time after the fault. */
  unrecovered: string[];
  /** Responses that neither the table nor a healthy TheAPP allows. */
  unexpected: string[];
  /** Responses that took over 3 s. */
  slow: string[];
  /** Problems of `/readyz` and `/metrics`. */
  problems: string[];
  summary: string;
}

/** Longer than a Sentinel or a breaker needs to react, so that their reaction is observed too. */
const leastMilliseconds = 3000;

/** Injects a fault, waits until everything in the table was observed, heals it and waits for the recovery. */
export async function runScenario(
  { mysql, serverFor, settled }: Servers,
  traffic: Traffic,
  url: string,
  row: Row,
  fault: Fault,
): Promise<Report> {
  const { answers } = traffic;
  const [watch, server] = [await startWatch(url), await serverFor(row.unavailable)];
  // The replica may lag a moment: stop writing birthdays until it has caught up.
  await traffic.hold('newBirthday');
  await mysql.caughtUp();
  answers.length = 0;
  await inject[fault](server);
  const began = performance.now();
  traffic.release('newBirthday');
  await Promise.all([sleep(leastMilliseconds), traffic.burst(10)]);
  const missing = await until(
    () => [...mismatches(row.answers, answers, began), ...unseen(row, watch)],
    20_000,
  );
  const healing = performance.now();
  await heal[fault](server);
  const healed = performance.now();
  const unhealthy = () => [...mismatches(healthy, answers, healed), ...watch.latest(), ...watch.open()];
  const unrecovered = await until(unhealthy, 20_000);
  const recovered = performance.now();
  await settled();
  await watch.stop();
  const slowest = Math.max(...answers.map(({ milliseconds }) => milliseconds));
  return {
    missing,
    unrecovered,
    unexpected: answers.filter(isUnexpected(row, { began, healing, recovered })).map(wordsOf(began)),
    slow: answers.filter(({ milliseconds }) => milliseconds > 3000).map(wordsOf(began)),
    problems: watch.problems,
    summary:
      `${answers.length} responses, the slowest after ${Math.round(slowest)} ms; ` +
      `fault for ${seconds(healing - began)} s, recovery in ${seconds(recovered - healed)} s`,
  };
}

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1);

/** The responses that an entry of the table allows; the last one must hold in the end. */
const each = (answers: Answers) => answers.split(' → ');

/** The kinds of requests that have not yet had the expected final response five times in a row. */
export function mismatches(
  expected: Record<RequestKind, Answers>,
  answers: Answer[],
  since: number,
): string[] {
  return (Object.keys(requestKinds) as RequestKind[]).filter((kind) => {
    const last = answers.filter((answer) => answer.kind === kind && answer.began > since).slice(-5);
    return last.length < 5 || last.some(({ outcome }) => outcome !== each(expected[kind]).at(-1));
  });
}

/** Signs of the fault that readiness and metrics have not reported yet. */
function unseen({ degraded, metrics }: Row, watch: Watch): string[] {
  const told = [...watch.degraded].some((words) => words.startsWith(degraded));
  return [...(told ? [] : [`readyz: ${degraded}`]), ...metrics.filter((sample) => !watch.seen(sample))];
}

/** Polls until nothing is missing or the time is over, and returns what is still missing. */
export async function until(missing: () => string[], milliseconds: number): Promise<string[]> {
  const end = performance.now() + milliseconds;
  while (missing().length > 0 && performance.now() < end) await sleep(50);
  return missing();
}

/** A request that did not overlap the fault must get the response of a healthy TheAPP. */
function isUnexpected({ answers }: Row, at: { began: number; healing: number; recovered: number }) {
  return ({ kind, outcome, began, milliseconds }: Answer) => {
    const mayBeHealthy = began < at.began || began + milliseconds > at.healing;
    const mayBeMet = began < at.recovered;
    const fine = [...(mayBeHealthy ? each(healthy[kind]) : []), ...(mayBeMet ? each(answers[kind]) : [])];
    return !fine.includes(outcome);
  };
}

const wordsOf = (since: number) => (answer: Answer) =>
  `${answer.kind}: ${answer.outcome}, sent ${Math.round(answer.began - since)} ms after the fault, ` +
  `took ${Math.round(answer.milliseconds)} ms`;
