import { z } from 'zod';
import type { Answer, Question } from './ask.ts';
import { type Counts, openLedger } from './ledger.ts';
import { type Kept, openTodoBook, read, readPage, readTodo, type TodoBook } from './todos.ts';

/** A request, and what a right answer is. */
export interface Call extends Question {
  /** What the report counts it under. */
  readonly name: string;
  /** What is wrong with an answer; nothing, when it is right, and then what it says is written down. */
  judge(answer: Answer): string | undefined;
}

/** What was told to this load, to be compared with what is there at the end. */
export interface Books {
  readonly counts: Counts;
  readonly todos: TodoBook;
}

/**
 * Whether it may be sent again when nobody knows what became of it: nginx's rule (non_idempotent) and RFC 9110's, and
 * a GET that counts is none such either.
 */
export const isIdempotent = ({ method, path }: Question) =>
  method !== 'POST' && method !== 'PATCH' && !path.startsWith('/counter/');

/** Todos that a load keeps: the next one takes the oldest's place. */
const MOST_TODOS = 100;

/** Books of a load that meets no other. */
export const openBooks = (run: string): Books => ({ counts: openLedger().counts, todos: openTodoBook(run) });

export const people = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((letter) => `load${letter}`);

/** Always the same day, so that it does no harm to keep it twice. */
export const keepBirthday = (person: string): Call => ({
  name: 'PUT /hello/NAME',
  method: 'PUT',
  path: `/hello/${person}`,
  send: { dateOfBirth: '1990-05-17' },
  judge: ({ status }) => unlike(204, status),
});

export const count = ({ counts }: Books, id: string): Call => {
  const before = counts.highest(id);
  return {
    name: 'GET /counter/ID',
    method: 'GET',
    path: `/counter/${id}`,
    judge({ status, body }) {
      const number = read(z.object({ count: z.int() }), body)?.count;
      if (status === 200 && number !== undefined) counts.tell(id, number, before);
      return unlike(200, status) ?? (number === undefined ? `200, but ${start(body)}` : undefined);
    },
  };
};

/** Removes it. nginx may have asked TheAPP twice, so that it is gone already is as good an answer. */
export const removeTodo = (id: number): Call => ({
  name: 'DELETE /api/todos/ID',
  method: 'DELETE',
  path: `/api/todos/${id}`,
  judge: ({ status }) => (status === 404 ? undefined : unlike(204, status)),
});

/** What a load asks for, one after the other; every service of TheAPP is in it. */
export function mixture(books: Books): () => Call {
  const { todos } = books;
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
  const counting = () => count(books, counter());
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

function oldTodo(todos: TodoBook): Call | undefined {
  const oldest = todos.takeOldest(MOST_TODOS);
  return oldest && removeTodo(oldest.id);
}

const get = (name: string, path: string, right: (body: string) => boolean): Call => ({
  name: `GET ${name}`,
  method: 'GET',
  path,
  judge: ({ status, body }) => unlike(200, status) ?? (right(body) ? undefined : `200, but ${start(body)}`),
});

function newTodo(todos: TodoBook): Call {
  const title = todos.title();
  return {
    name: 'POST /api/todos',
    method: 'POST',
    path: '/api/todos',
    send: { title, text: 'written by a load' },
    judge(answer) {
      const made = readTodo(answer);
      if (answer.status === 201 && made?.title === title) todos.keep(made.id, title);
      return (
        unlike(201, answer.status) ?? (made?.title === title ? undefined : `201, but ${start(answer.body)}`)
      );
    },
  };
}

const someTodo = (todos: TodoBook) => aboutTodo(todos, 'GET');
const changeTodo = (todos: TodoBook) => aboutTodo(todos, 'PATCH', { done: true });

/** One that is kept: it is there, under its title, and done when it has just been said so. */
function aboutTodo(todos: TodoBook, method: 'GET' | 'PATCH', send?: { done: true }): Call | undefined {
  const one = todos.some();
  return one && { ...lookAtTodo(todos, one), name: `${method} /api/todos/ID`, method, ...(send && { send }) };
}

/** That a todo which was acknowledged is there; nobody has tried to remove it unless it is no longer kept. */
export const lookAtTodo = (todos: TodoBook, one: Kept): Call => ({
  name: 'GET /api/todos/ID',
  method: 'GET',
  path: `/api/todos/${one.id}`,
  judge(answer) {
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
