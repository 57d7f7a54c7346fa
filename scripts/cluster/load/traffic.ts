import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../../provision/index.ts';
import {
  type Call,
  isIdempotent,
  keepBirthday,
  mixture,
  openRecords,
  people,
  type Records,
} from './calls.ts';
import { send } from './http.ts';
import { type Node, type Nodes, watchNodes } from './nodes.ts';
import { reconcile } from './reconciliation.ts';
import { type LoadReport, newTally, type Tally } from './report.ts';

export interface LoadOptions {
  /** The addresses of the application, one per node: `http://127.0.0.1:8080`. */
  readonly urls: readonly string[];
  /** Requests per second, sent on schedule even if earlier ones are unanswered. Default: 60. */
  readonly rate?: number;
  /** The path that returns 200 while a node is in service (`/nodez`). Without it, every node counts as in service. */
  readonly health?: string;
  /** Deadline of a request in seconds. Default: 10, because machines may be emulated. */
  readonly deadline?: number;
  /** Retries a failed idempotent request once, on another node. */
  readonly retry?: boolean;
}

export interface Load {
  /** The results so far. */
  report(): LoadReport;
  /** Seconds since the last lost request, or since the load began. */
  secondsWithoutLoss(): number;
  /** Stops sending, waits for requests in flight, and compares the acknowledgements with the stored data. */
  stop(): Promise<LoadReport>;
}

/** The maximum number of requests in flight; more are skipped and counted. */
const MOST = 1000;
/** Seconds in which the application must answer before the load begins. */
const DEADLINE_SECONDS = 60;
/** Statuses with which a proxy reports that the application did not answer. */
const unanswered = new Set([502, 503, 504]);

interface Context {
  readonly nodes: Nodes;
  readonly tally: Tally;
  readonly milliseconds: number;
  readonly retry: boolean;
}

/**
 * Sends requests to all services of TheAPP at a steady rate, as visitors do behind a load balancer with health checks.
 * Resolves once it runs.
 *
 * @throws ProvisionError (failed) if the application does not answer before the load begins
 */
export async function startLoad({
  urls,
  rate = 60,
  health,
  deadline = 10,
  retry = false,
}: LoadOptions): Promise<Load> {
  const nodes = await watchNodes(urls, health);
  const records = openRecords(`load-${randomBytes(3).toString('hex')}`);
  await prepare(nodes, deadline * 1000).catch((error) => {
    nodes.stop();
    throw error;
  });
  const context = { nodes, tally: newTally(), milliseconds: deadline * 1000, retry };
  const began = performance.now();
  const run = schedule(context, mixture(records), rate);
  const report = () => context.tally.report(rate, nodes, problemsOf(records));
  return {
    report,
    secondsWithoutLoss: () => (performance.now() - (context.tally.lastLoss() ?? began)) / 1000,
    async stop() {
      await run.stop();
      const last = report();
      const more = await reconcile(records, nodes, context.milliseconds);
      nodes.stop();
      return { ...last, problems: [...problemsOf(records), ...more] };
    },
  };
}

const problemsOf = ({ counts, todos }: Records) => [...counts.problems, ...todos.problems];

/** Stores the birthdays that later requests read. */
async function prepare(nodes: Nodes, milliseconds: number): Promise<void> {
  const end = performance.now() + DEADLINE_SECONDS * 1000;
  for (const person of people) {
    const call = keepBirthday(person);
    for (;;) {
      const node = nodes.next();
      const reason = await tryOnce(call, node, milliseconds);
      if (reason === undefined) break;
      if (performance.now() > end)
        throw failure({
          place: node.url,
          what: `TheAPP did not answer within ${DEADLINE_SECONDS} s`,
          why: `${call.name}: ${reason}`,
          todo: `check the address, and that TheAPP is ready: curl ${node.url}/readyz`,
        });
      await sleep(500);
    }
  }
}

/** Sends requests on schedule. Late ones are sent at once, so that the rate holds. */
function schedule(context: Context, next: () => Call, rate: number): { stop(): Promise<void> } {
  const inFlight = new Set<Promise<void>>();
  const began = performance.now();
  let [sent, stopped] = [0, false];
  const sendDue = () => {
    const due = Math.floor(((performance.now() - began) * rate) / 1000);
    for (; sent < due; sent++) {
      if (inFlight.size >= MOST) context.tally.skip();
      else {
        const one = carryOut(context, next()).finally(() => inFlight.delete(one));
        inFlight.add(one);
      }
    }
    if (!stopped)
      timer = setTimeout(sendDue, Math.max(1, began + ((sent + 1) * 1000) / rate - performance.now()));
  };
  let timer = setTimeout(sendDue, 0);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.all(inFlight);
    },
  };
}

/** Sends one request, with its retry, and counts it as answered or lost. */
async function carryOut({ nodes, tally, milliseconds, retry }: Context, call: Call): Promise<void> {
  const since = performance.now();
  tally.ask(call);
  const node = nodes.next();
  let reason = await tryOnce(call, node, milliseconds);
  let last = node;
  const again = retry && isIdempotent(call) && reason !== undefined && isNoAnswer(reason);
  if (again) {
    tally.retry();
    last = nodes.next(node);
    reason = await tryOnce(call, last, milliseconds);
  }
  if (reason === undefined) tally.answer(call, { since, again });
  else tally.lose(call, { node: last.url, reason });
}

/** Whether the application did not answer: a proxy's status, or no status. */
const isNoAnswer = (reason: string) => unanswered.has(Number(reason)) || !/^\d{3}\b/.test(reason);

/** What is wrong with the answer; undefined if it is right. */
async function tryOnce(call: Call, node: Node, milliseconds: number): Promise<string | undefined> {
  node.asked += 1;
  try {
    return call.check(await send(node.url, call, { agent: node.agent, milliseconds }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
