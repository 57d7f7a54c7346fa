import { z } from 'zod';
import type { Birthdays, Counts, Ledger, Person } from '../../scripts/cluster/load/ledger.ts';
import type { RequestKind } from './table.ts';

type Client = (url: string, ledger: Ledger) => Promise<string>;

/** A fetch with a timeout, so that a hanging server does not stop the test. */
export const fetchSoon = (url: string, init: RequestInit = {}) =>
  fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });

const json = (method: string, body: object): RequestInit => ({
  method,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

const statusOf =
  (path: string, right: RegExp): Client =>
  async (url) => {
    const response = await fetchSoon(url + path);
    const body = await response.text();
    return response.status === 200 && !right.test(body)
      ? `200, but ${body.slice(0, 100)}`
      : `${response.status}`;
  };

let number = 0;

const pokemonAnswer = z.object({
  data: z.object({ name: z.literal('charmander'), type: z.literal('fuego'), count: z.int().nullable() }),
});

/** Increments a counter, records the number in the ledger and returns the status. */
export async function incrementCounter(url: string, counts: Counts, id: string): Promise<string> {
  const before = counts.highest(id);
  const response = await fetchSoon(`${url}/counter/${id}`);
  const body: unknown = await response.json();
  if (response.status === 200) counts.tell(id, z.object({ count: z.int() }).parse(body).count, before);
  return `${response.status}`;
}

/** Sends each kind of request, checks the response and records it in the ledger. Returns the status, or the problem. */
export const clients: Record<RequestKind, Client> = {
  greeting: statusOf('/', /^Hello world!\n$/),
  ping: statusOf('/ping', /./),
  todosPage: statusOf('/todos', /<html/),
  todos: statusOf('/api/todos', /"title":"todo \d+"|\[\]/),
  async pokemon(url) {
    const response = await fetchSoon(`${url}/charmander`);
    const body: unknown = await response.json();
    if (response.status !== 200) return `${response.status}`;
    return pokemonAnswer.parse(body).data.count === null ? '200, count null' : '200';
  },
  count: (url, { counts }) => incrementCounter(url, counts, `id${number++ % 3}`),
  async newTodo(url, { todos }) {
    const title = `todo ${number++}`;
    const post = fetchSoon(`${url}/api/todos`, json('POST', { title, text: 'text' }));
    const status = await post.then(
      (response) => response.text().then(() => response.status),
      () => 0,
    );
    todos.tell(title, status === 201);
    return `${status}`;
  },
  async newBirthday(url, { birthdays }) {
    const person = birthdays.next();
    const date = new Date(Date.UTC(1990, 0, 1 + Math.floor(Math.random() * 365))).toISOString().slice(0, 10);
    birthdays.send(person, date);
    const put = fetchSoon(`${url}/hello/${person.name}`, json('PUT', { dateOfBirth: date }));
    const status = await put.then(
      ({ status }) => status,
      () => 0,
    );
    if (status === 204) birthdays.acknowledge(person, date);
    return `${status}`;
  },
  async birthday(url, { birthdays }) {
    const known = birthdays.known().slice(-8);
    const person = known[number++ % known.length];
    return person === undefined ? '200' : ((await birthdayProblem(url, birthdays, person)) ?? '200');
  },
};

/** The status or the body if the response does not match the stored birthday; otherwise undefined. */
export async function birthdayProblem(url: string, { possible }: Birthdays, person: Person) {
  const began = performance.now();
  const response = await fetchSoon(`${url}/hello/${person.name}`);
  const body = await response.text();
  if (response.status !== 200) return `${response.status}`;
  const right = possible(person, began).map((date) => message(person.name, date));
  return right.some((words) => body.includes(words)) ? undefined : `200, but ${body}, not ${right}`;
}

/** The message that the birthday service returns today (UTC). */
export function message(name: string, date: string): string {
  const now = new Date();
  const [year, today] = [
    now.getUTCFullYear(),
    Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()),
  ];
  const [, month = 1, day = 1] = date.split('-').map(Number);
  const next = Math.min(
    ...[0, 1].map((more) => Date.UTC(year + more, month - 1, day)).filter((at) => at >= today),
  );
  const days = (next - today) / 86_400_000;
  return `Hello, ${name}! ${days === 0 ? 'Happy birthday!' : `Your birthday is in ${days} day(s)`}`;
}
