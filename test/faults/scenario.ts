import { setTimeout as sleep } from 'node:timers/promises';
import { inflict, lift, type Stage } from './stage.ts';
import { type Answers, type Ask, asks, type Fault, healthy, type Row } from './table.ts';
import type { Answer, Traffic } from './traffic.ts';
import { startWatch, type Watch } from './watch.ts';

/** What was seen of TheAPP from just before a fault until everything was well again. */
export interface Report {
  /** What the table says and was not seen while the fault stood: kinds of requests, signs. */
  missing: string[];
  /** What was not healthy again in time after the fault. */
  unwell: string[];
  /** Answers that neither the table nor a healthy TheAPP gives. */
  wrong: string[];
  /** Answers that took over 3 s. */
  slow: string[];
  /** What was wrong with `/readyz` and `/metrics`. */
  problems: string[];
  summary: string;
}

/** Longer than a Sentinel or a breaker needs to notice, so that what they do is seen as well. */
const leastMilliseconds = 3000;

/** Lets a fault stand until everything that the table says was seen, takes it back, and waits for all to be well. */
export async function play(
  { mysql, victim, settled }: Stage,
  traffic: Traffic,
  url: string,
  row: Row,
  fault: Fault,
): Promise<Report> {
  const { answers } = traffic;
  const [watch, server] = [await startWatch(url), await victim(row.missing)];
  // A replica may be a moment behind: that it does not know of the last moment is not what is tested.
  await traffic.hold('newBirthday');
  await mysql.caughtUp();
  answers.length = 0;
  await inflict[fault](server);
  const began = performance.now();
  traffic.release('newBirthday');
  await Promise.all([sleep(leastMilliseconds), traffic.burst(10)]);
  const missing = await until(() => [...unlike(row.answers, answers, began), ...unseen(row, watch)], 20_000);
  const lifting = performance.now();
  await lift[fault](server);
  const lifted = performance.now();
  const ill = () => [...unlike(healthy, answers, lifted), ...watch.latest(), ...watch.open()];
  const unwell = await until(ill, 20_000);
  const recovered = performance.now();
  await settled();
  await watch.stop();
  const slowest = Math.max(...answers.map(({ milliseconds }) => milliseconds));
  return {
    missing,
    unwell,
    wrong: answers.filter(isWrong(row, { began, lifting, recovered })).map(wordsOf(began)),
    slow: answers.filter(({ milliseconds }) => milliseconds > 3000).map(wordsOf(began)),
    problems: watch.problems,
    summary:
      `${answers.length} answers, the slowest after ${Math.round(slowest)} ms; ` +
      `${seconds(lifting - began)} s of it, ${seconds(recovered - lifted)} s to recover`,
  };
}

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1);

/** What the table says is answered at all, and at the end. */
const each = (answers: Answers) => answers.split(' → ');

/** The kinds of requests that were not yet answered five times in a row as they should be in the end. */
export function unlike(expected: Record<Ask, Answers>, answers: Answer[], since: number): string[] {
  return (Object.keys(asks) as Ask[]).filter((ask) => {
    const last = answers.filter((answer) => answer.ask === ask && answer.began > since).slice(-5);
    return last.length < 5 || last.some(({ word }) => word !== each(expected[ask]).at(-1));
  });
}

/** Signs of the fault that readiness and metrics have not shown yet. */
function unseen({ degraded, metrics }: Row, watch: Watch): string[] {
  const told = [...watch.degraded].some((words) => words.startsWith(degraded));
  return [...(told ? [] : [`readyz: ${degraded}`]), ...metrics.filter((sample) => !watch.seen(sample))];
}

/** Answers what is still missing when it is complete or the time is over. */
export async function until(missing: () => string[], milliseconds: number): Promise<string[]> {
  const end = performance.now() + milliseconds;
  while (missing().length > 0 && performance.now() < end) await sleep(50);
  return missing();
}

/** A request that the fault did not meet, from its beginning to its end, is answered as by a healthy TheAPP. */
function isWrong({ answers }: Row, at: { began: number; lifting: number; recovered: number }) {
  return ({ ask, word, began, milliseconds }: Answer) => {
    const mayBeHealthy = began < at.began || began + milliseconds > at.lifting;
    const mayBeMet = began < at.recovered;
    const fine = [...(mayBeHealthy ? each(healthy[ask]) : []), ...(mayBeMet ? each(answers[ask]) : [])];
    return !fine.includes(word);
  };
}

const wordsOf = (since: number) => (answer: Answer) =>
  `${answer.ask}: ${answer.word}, asked ${Math.round(answer.began - since)} ms after the fault, ` +
  `took ${Math.round(answer.milliseconds)} ms`;
