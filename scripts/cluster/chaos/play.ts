import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../../approaches/approach_2/services/swarm.ts';
import { failure, urlOf } from '../../../provision/index.ts';
import type { LoadReport } from '../load/tally.ts';
import { type Load, startLoad } from '../load/traffic.ts';
import { wordsOf } from '../sessions.ts';
import { stateOf } from '../status/state.ts';
import { judge, type Verdict } from './judge.ts';
import type { Provisioned } from './provision.ts';
import type { Scenario, Strike, Undo } from './scenario.ts';
import { runningTasks, type Stage } from './stage.ts';
import { startWatch, type Watch } from './watch.ts';

export interface PlayOptions {
  /** Requests a second, and how many there are at least. */
  readonly rate: number;
  readonly requests: number;
  /** The path that nodes are checked by. */
  readonly health: string;
}

/** What became of a scenario. Times are seconds from its beginning. */
export interface Played {
  readonly scenario: string;
  readonly words: string;
  readonly verdict: Verdict;
  /** Until no request was lost any more and as many replicas ran as are wanted. */
  readonly healed: number;
  /** Until everything was as before, the fault having been taken back. */
  readonly whole: number;
  readonly load: LoadReport;
  /** The run of the provisioner afterwards, and the healthy tasks that it replaced. */
  readonly provisioned: Provisioned;
  readonly touched: readonly string[];
}

/** Seconds: of load before anything happens, of calm at the end, and until the cluster has to be whole. */
const [BEFORE, CALM, DEADLINE_SECONDS] = [10, 10, 1200];

/** Plays one scenario on a cluster that is well, under load, and leaves it well. @throws ProvisionError */
export async function play(stage: Stage, scenario: Scenario, options: PlayOptions): Promise<Played> {
  await requireHealth(stage);
  const strike = await scenario.aim(stage);
  const { rate, health } = options;
  const urls = stage.hosts.map((host) => new URL(urlOf(host, 80)).origin);
  const load = await startLoad({ urls, rate, health, retry: true });
  let ended: LoadReport | undefined;
  try {
    await sleep(BEFORE * 1000);
    const began = performance.now();
    const watch = startWatch(stage);
    const wrong = await happen(stage, scenario, strike)
      .then(async (wrong) => [...wrong, ...(await untilCalm(stage, { load, watch }, options))])
      .finally(() => watch.stop());
    const lastLoss = performance.now() - load.calm() * 1000;
    ended = await load.stop();
    const since = (at: number | undefined) => Number((Math.max(0, (at ?? began) - began) / 1000).toFixed(1));
    const lost = ended.lost.idempotent + ended.lost.others > 0;
    const healed = Math.max(since(lost ? lastLoss : began), since(watch.lastShort()));
    const figures = { healed, whole: Math.max(healed, since(watch.lastUnwell())) };
    const { provisioned, touched } = await makeGreen(stage, scenario);
    const verdict = judge(scenario, ended, { provisioned, touched, wrong });
    const { name, words } = scenario;
    return { scenario: name, words, verdict, ...figures, load: ended, provisioned, touched };
  } finally {
    if (!ended) await load.stop();
  }
}

/** The fault, and its end. Answers what went wrong with that. */
async function happen(stage: Stage, { words, hold = 0 }: Scenario, strike: Strike): Promise<string[]> {
  stage.tell(words);
  const wrong: string[] = [];
  let undo: Undo | undefined;
  try {
    undo = await strike();
    for (let left = hold; left > 0; left--) {
      stage.tell(`${words}: ${hold - left} s`);
      await sleep(1000);
    }
  } catch (error) {
    wrong.push(wordsOf(error));
  }
  await undo?.().catch((error) => wrong.push(wordsOf(error)));
  return wrong;
}

/** Until the cluster is whole, no request is lost any more, and enough were sent. Answers what is wrong if it never is. */
async function untilCalm(
  stage: Stage,
  { load, watch }: { load: Load; watch: Watch },
  { requests, rate }: PlayOptions,
): Promise<string[]> {
  const undone = performance.now();
  const seen = () => watch.problems(undone);
  const isWhole = () => seen()?.length === 0 && load.calm() > CALM && load.report().asked >= requests;
  const seconds = DEADLINE_SECONDS + requests / rate;
  if (await until(isWhole, seconds, () => stage.tell(`waiting: ${seen()?.[0] ?? 'for calm'}`))) return [];
  return [
    `not whole again within ${Math.round(seconds)} s: ${seen()?.join('; ') || 'requests are still lost'}`,
  ];
}

async function requireHealth(stage: Stage): Promise<void> {
  const { healthy, problems } = stateOf(await stage.probe(), Date.now());
  if (healthy) return;
  throw failure({
    place: stage.approach,
    what: 'is not healthy to begin with',
    said: problems.join('\n'),
    todo: `npm run provision -- ${stage.approach}`,
  });
}

/** Provisions again: what is healthy stays as it is. */
async function makeGreen(stage: Stage, { replaced = [] }: Scenario) {
  const before = standing((await stage.probe()).cluster, replaced);
  const provisioned = await stage.provision();
  const after = standing((await stage.probe()).cluster, replaced);
  const touched = [...before].filter(([id]) => !after.has(id)).map(([, name]) => name);
  return { provisioned, touched };
}

/** Tasks that run, by id, but those of services that may be replaced. */
function standing(cluster: Cluster, replaced: readonly string[]): Map<string, string> {
  const services = cluster.services.filter(
    ({ Spec }) => !replaced.some((name) => Spec.Name.endsWith(`_${name}`)),
  );
  return new Map(
    services.flatMap((service) => runningTasks(cluster, service).map(({ ID }) => [ID, service.Spec.Name])),
  );
}

/** Whether it came to be so in time, in seconds. */
async function until(isSo: () => boolean, seconds: number, meanwhile = () => {}): Promise<boolean> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(1000)) {
    if (isSo()) return true;
    meanwhile();
  }
  return isSo();
}
