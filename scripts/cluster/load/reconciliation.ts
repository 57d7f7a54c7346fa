import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, checkTodo, count, type Records, removeTodo } from './calls.ts';
import { type HttpAnswer, send } from './http.ts';
import type { Nodes } from './nodes.ts';
import { readPage, type TodoRecord } from './todos.ts';

/** Deadline of the whole comparison in seconds: a machine may still be starting. */
const DEADLINE_SECONDS = 120;
/** Requests in parallel. */
const PARALLEL = 4;

/** Sends one request until its answer is right. Throws the last reason at the deadline. */
type UntilAnswered = (call: Call) => Promise<HttpAnswer>;

/**
 * Compares the records with the stored data: every counter continues from its highest number, and every acknowledged
 * todo exists once. Then removes the todos of this load. Returns what could not be checked; mismatches are in the
 * records.
 */
export async function reconcile(records: Records, nodes: Nodes, milliseconds: number): Promise<string[]> {
  const end = performance.now() + DEADLINE_SECONDS * 1000;
  const untilAnswered: UntilAnswered = async (call) => {
    for (;;) {
      const node = nodes.next();
      const answer = await send(node.url, call, { agent: node.agent, milliseconds }).catch(
        (error: Error) => error,
      );
      const reason = answer instanceof Error ? answer.message : call.check(answer);
      if (!(answer instanceof Error) && (reason === undefined || answer.status === 404)) return answer;
      if (performance.now() > end) throw new Error(`${call.name}, at the end: ${reason}`);
      await sleep(500);
    }
  };
  const problems: string[] = [];
  const tried = async (work: Promise<unknown>) =>
    void (await work.catch((error: Error) => problems.push(error.message)));
  for (const id of records.counts.ids()) await tried(untilAnswered(count(records, id)));
  await tried(compareTodos(records.todos, untilAnswered));
  return problems;
}

async function compareTodos(todos: TodoRecord, untilAnswered: UntilAnswered): Promise<void> {
  await inParallel(todos.kept(), (one) => untilAnswered(checkTodo(todos, one)));
  const there = await listed(todos, untilAnswered);
  for (const [at, { id, title }] of there.entries())
    if (there.findIndex((other) => other.title === title) !== at)
      todos.problems.add(`todo ${id} (${title}) is stored twice`);
  await inParallel(there, ({ id }) => untilAnswered(removeTodo(id)));
}

/** The stored todos of this load, from the newest back to the oldest that was acknowledged. */
async function listed({ run, acknowledged }: TodoRecord, untilAnswered: UntilAnswered) {
  const oldest = Math.min(...acknowledged.keys());
  const own: { id: number; title: string }[] = [];
  for (let before: number | null | undefined; before !== null && (before ?? oldest) >= oldest; ) {
    const path = `/api/todos?limit=100${before === undefined ? '' : `&before=${before}`}`;
    const page = readPage(
      await untilAnswered({ name: 'GET /api/todos', method: 'GET', path, check: isPage }),
    );
    own.push(...(page?.todos ?? []).filter(({ title }) => title.startsWith(`${run} `)));
    before = page?.next ?? null;
  }
  return own;
}

const isPage = (answer: HttpAnswer) =>
  answer.status === 200 && readPage(answer) ? undefined : `${answer.status}`;

async function inParallel<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
