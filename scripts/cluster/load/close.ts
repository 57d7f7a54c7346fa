import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, ask } from './ask.ts';
import { type Books, type Call, count, lookAtTodo, removeTodo } from './calls.ts';
import type { Nodes } from './nodes.ts';
import { readPage, type TodoBook } from './todos.ts';

/** Seconds that the comparison may take in all: a machine may still be coming back. */
const DEADLINE_SECONDS = 120;
/** How many are asked for side by side. */
const ABREAST = 4;

/** Asks one question until it is answered as it should be. Throws with the last word at the end of its time. */
type Insist = (call: Call) => Promise<Answer>;

/**
 * At the end: every counter goes on from the highest number that was given; every todo that was acknowledged is
 * there, once; then those of this load are removed. Answers what could not be found out; the rest is in the books.
 */
export async function closeBooks(books: Books, nodes: Nodes, milliseconds: number): Promise<string[]> {
  const end = performance.now() + DEADLINE_SECONDS * 1000;
  const insist: Insist = async (call) => {
    for (;;) {
      const node = nodes.next();
      const answer = await ask(node.url, call, { agent: node.agent, milliseconds }).catch(
        (error: Error) => error,
      );
      const word = answer instanceof Error ? answer.message : call.judge(answer);
      if (!(answer instanceof Error) && (word === undefined || answer.status === 404)) return answer;
      if (performance.now() > end) throw new Error(`${call.name}, at the end: ${word}`);
      await sleep(500);
    }
  };
  const problems: string[] = [];
  const tried = async (work: Promise<unknown>) =>
    void (await work.catch((error: Error) => problems.push(error.message)));
  for (const id of books.counts.ids()) await tried(insist(count(books, id)));
  await tried(compareTodos(books.todos, insist));
  return problems;
}

async function compareTodos(todos: TodoBook, insist: Insist): Promise<void> {
  await abreast(todos.kept(), (one) => insist(lookAtTodo(todos, one)));
  const there = await listed(todos, insist);
  for (const [at, { id, title }] of there.entries())
    if (there.findIndex((other) => other.title === title) !== at)
      todos.problems.add(`todo ${id} (${title}) is there twice`);
  await abreast(there, ({ id }) => insist(removeTodo(id)));
}

/** All that are there of this load: a list from the newest back to the oldest that was acknowledged. */
async function listed({ run, acknowledged }: TodoBook, insist: Insist) {
  const oldest = Math.min(...acknowledged.keys());
  const own: { id: number; title: string }[] = [];
  for (let before: number | null | undefined; before !== null && (before ?? oldest) >= oldest; ) {
    const path = `/api/todos?limit=100${before === undefined ? '' : `&before=${before}`}`;
    const page = readPage(await insist({ name: 'GET /api/todos', method: 'GET', path, judge: isPage }));
    own.push(...(page?.todos ?? []).filter(({ title }) => title.startsWith(`${run} `)));
    before = page?.next ?? null;
  }
  return own;
}

const isPage = (answer: Answer) =>
  answer.status === 200 && readPage(answer) ? undefined : `${answer.status}`;

async function abreast<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
}
