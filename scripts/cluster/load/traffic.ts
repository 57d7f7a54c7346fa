import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../../provision/index.ts';
import { ask } from './ask.ts';
import { type Books, type Call, isIdempotent, keepBirthday, mixture, openBooks, people } from './calls.ts';
import { closeBooks } from './close.ts';
import { type Node, type Nodes, watchNodes } from './nodes.ts';
import { type LoadReport, newTally, type Tally } from './tally.ts';

export interface LoadOptions {
  /** Where the same application answers: `http://127.0.0.1:8080`, one for each node. */
  readonly urls: readonly string[];
  /** Requests a second, sent on time whatever becomes of those before them. 60 unless said. */
  readonly rate?: number;
  /** The path that says 200 while a node is in service (`/nodez`); without one every node always is. */
  readonly health?: string;
  /** Seconds that a request may take. 10 unless said: machines may be emulated. */
  readonly deadline?: number;
  /** Sends an idempotent request that failed once more, to another node. */
  readonly retry?: boolean;
}

export interface Load {
  /** How it stands. */
  report(): LoadReport;
  /** Seconds since a request was lost; since the load began, when none was. */
  calm(): number;
  /** Sends no more, waits for what is under way, compares what was acknowledged with what is there. */
  stop(): Promise<LoadReport>;
}

/** More are never under way: they are skipped, and counted as such. */
const MOST = 1000;
/** Seconds that the application is given to answer at all before the load begins. */
const DEADLINE_SECONDS = 60;
/** Statuses by which something in between says that the application did not answer. */
const unanswered = new Set([502, 503, 504]);

interface World {
  readonly nodes: Nodes;
  readonly tally: Tally;
  readonly milliseconds: number;
  readonly retry: boolean;
}

/**
 * A steady load of all services of TheAPP from outside the machines, as visitors make it behind a balancer that
 * checks its nodes. Answers once it runs.
 *
 * @throws ProvisionError (failed) when the application does not answer before it begins
 */
export async function startLoad({
  urls,
  rate = 60,
  health,
  deadline = 10,
  retry = false,
}: LoadOptions): Promise<Load> {
  const nodes = await watchNodes(urls, health);
  const books = openBooks(`load-${randomBytes(3).toString('hex')}`);
  await prepare(nodes, deadline * 1000).catch((error) => {
    nodes.stop();
    throw error;
  });
  const world = { nodes, tally: newTally(), milliseconds: deadline * 1000, retry };
  const began = performance.now();
  const run = send(world, mixture(books), rate);
  const report = () => world.tally.report(rate, nodes, problemsOf(books));
  return {
    report,
    calm: () => (performance.now() - (world.tally.lastLoss() ?? began)) / 1000,
    async stop() {
      await run.stop();
      const last = report();
      const more = await closeBooks(books, nodes, world.milliseconds);
      nodes.stop();
      return { ...last, problems: [...problemsOf(books), ...more] };
    },
  };
}

const problemsOf = ({ counts, todos }: Books) => [...counts.problems, ...todos.problems];

/** Who is asked for later is kept first. */
async function prepare(nodes: Nodes, milliseconds: number): Promise<void> {
  const end = performance.now() + DEADLINE_SECONDS * 1000;
  for (const person of people) {
    const call = keepBirthday(person);
    for (;;) {
      const node = nodes.next();
      const word = await tryOnce(call, node, milliseconds);
      if (word === undefined) break;
      if (performance.now() > end)
        throw failure({
          place: node.url,
          what: `does not answer within ${DEADLINE_SECONDS} s`,
          why: `${call.name}: ${word}`,
        });
      await sleep(500);
    }
  }
}

/** Sends one after the other on the beat; what was late is sent at once, so that the rate holds. */
function send(world: World, next: () => Call, rate: number): { stop(): Promise<void> } {
  const underWay = new Set<Promise<void>>();
  const began = performance.now();
  let [sent, stopped] = [0, false];
  const beat = () => {
    const due = Math.floor(((performance.now() - began) * rate) / 1000);
    for (; sent < due; sent++) {
      if (underWay.size >= MOST) world.tally.skip();
      else {
        const one = carryOut(world, next()).finally(() => underWay.delete(one));
        underWay.add(one);
      }
    }
    if (!stopped)
      timer = setTimeout(beat, Math.max(1, began + ((sent + 1) * 1000) / rate - performance.now()));
  };
  let timer = setTimeout(beat, 0);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.all(underWay);
    },
  };
}

/** One request to its end: answered, or lost. */
async function carryOut({ nodes, tally, milliseconds, retry }: World, call: Call): Promise<void> {
  const since = performance.now();
  tally.ask(call);
  const node = nodes.next();
  let word = await tryOnce(call, node, milliseconds);
  let last = node;
  const again = retry && isIdempotent(call) && word !== undefined && isNoAnswer(word);
  if (again) {
    tally.retry();
    last = nodes.next(node);
    word = await tryOnce(call, last, milliseconds);
  }
  if (word === undefined) tally.answer(call, { since, again });
  else tally.lose(call, { node: last.url, word });
}

/** A status that says so, or none at all. */
const isNoAnswer = (word: string) => unanswered.has(Number(word)) || !/^\d{3}\b/.test(word);

/** What is wrong with the answer, or with there being none. */
async function tryOnce(call: Call, node: Node, milliseconds: number): Promise<string | undefined> {
  node.asked += 1;
  try {
    return call.judge(await ask(node.url, call, { agent: node.agent, milliseconds }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
