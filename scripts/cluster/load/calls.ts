import { z } from 'zod';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { type Counts, openLedger } from './ledger.ts';
import { type Kept, openTodoRecord, read, readPage, readTodo, type TodoRecord } from './todos.ts';

/** A request and the check of its answer. */
export interface Call extends HttpRequest {
  /** The name in the report. */
  readonly name: string;
  /** What is wrong with an answer; undefined if it is right, in which case it is recorded. */
  check(answer: HttpAnswer): string | undefined;
}

/** The acknowledgements of this load, compared with the stored data at the end. */
export interface Records {
  readonly counts: Counts;
  readonly todos: TodoRecord;
}

/**
 * Whether a request may be retried when its result is unknown: the rule of nginx (non_idempotent) and RFC 9110.
 * Reading a counter increments it, so it is not idempotent either.
 */
export const isIdempotent = ({ method, path }: HttpRequest) =>
  method !== 'POST' && method !== 'PATCH' && !path.startsWith('/counter/');

/** The number of todos that a load keeps: the next one replaces the oldest. */
const MOST_TODOS = 100;

/** The records of a load, separate from those of other loads. */
export const openRecords = (run: string): Records => ({
  counts: openLedger().counts,
  todos: openTodoRecord(run),
});

export const people = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((letter) => `load${letter}`);

/** Always the same date, so that storing it twice is harmless. */
export const keepBirthday = (person: string): Call => ({
  name: 'PUT /hello/NAME',
  method: 'PUT',
  path: `/hello/${person}`,
  body: { dateOfBirth: '1990-05-17' },
  check: ({ status }) => unlike(204, status),
});

export const count = ({ counts }: Records, id: string): Call => {
  const before = counts.highest(id);
  return {
    name: 'GET /counter/ID',
    method: 'GET',
    path: `/counter/${id}`,
    check({ status, body }) {
      const number = read(z.object({ count: z.int() }), body)?.count;
      if (status === 200 && number !== undefined) counts.tell(id, number, before);
      return unlike(200, status) ?? (number === undefined ? `200, but ${start(body)}` : undefined);
    },
  };
};

/** Removes a todo. A 404 counts as success, because nginx may have sent the request twice. */
export const removeTodo = (id: number): Call => ({
  name: 'DELETE /api/todos/ID',
  method: 'DELETE',
  path: `/api/todos/${id}`,
  check: ({ status }) => (status === 404 ? undefined : unlike(204, status)),
});

/** The requests of a load in turn. Every service of TheAPP is among them. */
export function mixture(records: Records): () => Call {
  const { todos } = records;
  const inTurn = <T>(all: readonly T[]) => {
    let turn = 0;
    return () => all[turn++ % all.length] as T;
  };
  const [person, writtenPerson] = [inTurn(people), inTurn(people)];
  const counter = inTurn([0, 1, 2, 3].map((number) => `${todos.run}-${number}`));
  const pokemon = inTurn(['charmander', 'pikachu', 'bulbasaur']);
  const greeting = () => get('/', '/', (body) => body === 'Hello world!\n');
  const birthday = () => {
    const name = person();
    const right = `"Hello, ${name}! `;
    return get('/hello/NAME', `/hello/${name}`, (body) => body.includes(right));
  };
  const anyPokemon = () => {
    const name = pokemon();
    return get('/POKEMON', `/${name}`, (body) => body.includes(`"name":"${name}"`));
  };
  const counting = () => count(records, counter());
  const list = () => get('/api/todos', '/api/todos', (body) => readPage({ status: 200, body }) !== undefined);
  const page = () => get('/todos', '/todos', (body) => body.includes('<html'));
  const birth = () => keepBirthday(writtenPerson());
  const turns = inTurn(
    [
      [greeting, birthday, counting, anyPokemon, () => newTodo(todos)],
      [counting, list, birthday, greeting, () => someTodo(todos) ?? greeting()],
      [anyPokemon, counting, birth, page, () => changeTodo(todos) ?? greeting()],
      [birthday, greeting, counting, anyPokemon, () => oldTodo(todos) ?? list()],
    ].flat(),
  );
  return () => turns()();
}

function oldTodo(todos: TodoRecord): Call | undefined {
  const oldest = todos.takeOldest(MOST_TODOS);
  return oldest && removeTodo(oldest.id);
}

const get = (name: string, path: string, right: (body: string) => boolean): Call => ({
  name: `GET ${name}`,
  method: 'GET',
  path,
  check: ({ status, body }) => unlike(200, status) ?? (right(body) ? undefined : `200, but ${start(body)}`),
});

function newTodo(todos: TodoRecord): Call {
  const title = todos.title();
  return {
    name: 'POST /api/todos',
    method: 'POST',
    path: '/api/todos',
    body: { title, text: 'written by a load' },
    check(answer) {
      const made = readTodo(answer);
      if (answer.status === 201 && made?.title === title) todos.keep(made.id, title);
      return (
        unlike(201, answer.status) ?? (made?.title === title ? undefined : `201, but ${start(answer.body)}`)
      );
    },
  };
}

const someTodo = (todos: TodoRecord) => aboutTodo(todos, 'GET');
const changeTodo = (todos: TodoRecord) => aboutTodo(todos, 'PATCH', { done: true });

/** A request about a todo that is kept: it must exist with its title. */
function aboutTodo(todos: TodoRecord, method: 'GET' | 'PATCH', body?: { done: true }): Call | undefined {
  const one = todos.some();
  return one && { ...checkTodo(todos, one), name: `${method} /api/todos/ID`, method, ...(body && { body }) };
}

/** Checks that an acknowledged todo exists. It may only be missing if it is no longer kept. */
export const checkTodo = (todos: TodoRecord, one: Kept): Call => ({
  name: 'GET /api/todos/ID',
  method: 'GET',
  path: `/api/todos/${one.id}`,
  check(answer) {
    if (answer.status === 404 && !todos.keeps(one)) return undefined;
    if (answer.status === 404) todos.lose(one);
    if (answer.status !== 200) return `${answer.status}`;
    if (readTodo(answer)?.title !== one.title) return `200, but ${start(answer.body)}`;
    one.seen = true;
    return undefined;
  },
});

const unlike = (expected: number, status: number) => (status === expected ? undefined : `${status}`);

const start = (body: string) => JSON.stringify(body.slice(0, 80));
