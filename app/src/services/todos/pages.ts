import type { Request, ResponseToolkit } from '@hapi/hapi';
import type {} from '@hapi/vision';
import { z } from 'zod';
import { Unavailable } from '../../dependencies/dependencies.ts';
import { type AnyEndpoint, endpoint } from '../../http/endpoint.ts';
import { logUnavailable } from '../../http/request/serviceUnavailable.ts';
import { noSuchTodo } from './api.ts';
import { emptyForm, formKey, formView, readForm } from './form.ts';
import { readFromPrimary, readsFromPrimary } from './readYourWrites.ts';
import { id, newTodo, pageSize, place, type Todo } from './schemas.ts';
import type { Todos } from './table.ts';

/** `/todos` for people. `form` stands at the pages as well: they carry the token that their forms send back. */
export function todoPages(todos: Todos): AnyEndpoint[] {
  const service = 'todos';
  const page = { description: 'A page', type: 'text/html' };
  const notNow = { description: 'Not now: the page says so', type: 'text/html' };
  return [
    endpoint({
      method: 'GET',
      path: '/todos',
      root: '/',
      service,
      form: true,
      summary: 'The page of the todos, newest first',
      query: z.object({ before: place.before }),
      responses: { 200: page, 503: notNow },
      async handle({ query: { before }, request, h }) {
        const part = await todos.list({ before, limit: pageSize }, readsFromPrimary(request));
        const parts = before !== undefined || part.next !== null;
        return h.view('todos', { before, next: part.next, parts, todos: part.todos.map(shown) });
      },
    }),
    endpoint({
      method: 'GET',
      path: '/todos/new',
      root: '/new',
      service,
      form: true,
      summary: 'The page to add a todo with',
      responses: { 200: page },
      handle: ({ h }) => h.view('newTodo', formView(emptyForm())),
    }),
    endpoint({
      method: 'POST',
      path: '/todos',
      service,
      form: true,
      summary: 'Adds what was typed into the page',
      body: newTodo.extend({ key: formKey.optional() }),
      responses: {
        303: { description: 'Added; to the list' },
        403: { description: 'Without the token of the page' },
        422: { description: 'The page again, with what is wrong', type: 'text/html' },
        503: { description: 'The page again, to send once more', type: 'text/html' },
      },
      onInvalid: (problems, { request, h }) =>
        h.view('newTodo', formView(readForm(request.payload), problems)).code(422),
      async handle({ body: { key, ...todo }, request, h }) {
        const added = await todos.add(todo, key).catch(unlessUnavailable);
        if (!(added instanceof Unavailable)) return toList(request, h, { id: added.id });
        logUnavailable(request, added);
        const again = formView(readForm(request.payload), [], true);
        return h.view('newTodo', again).code(503).header('retry-after', '1');
      },
    }),
    endpoint({
      method: 'POST',
      path: '/todos/{id}/toggle',
      service,
      form: true,
      summary: 'Marks a todo as done or not done',
      params: z.strictObject({ id }),
      body: z.strictObject({ done: z.enum(['true', 'false']), before: place.before }),
      responses: {
        303: { description: 'It is; to the part of the list that begins before' },
        403: { description: 'Without the token of the page' },
        404: { description: 'No such todo' },
        503: notNow,
      },
      async handle({ params: { id }, body: { done, before }, request, h }) {
        // The value that the button said, not the opposite of what there is: sent twice, it is the same.
        const changed = await todos.change(id, { done: done === 'true' });
        if (!changed) throw noSuchTodo();
        return toList(request, h, { id, before });
      },
    }),
  ];
}

/** A todo with what a template cannot work out. */
const shown = (todo: Todo) => ({ ...todo, on: day.format(new Date(todo.createdAt)) });

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

function unlessUnavailable(error: unknown) {
  if (error instanceof Unavailable) return error;
  throw error;
}

/** See other (303): a reload does not send the form again. The keyboard goes on at the todo. */
function toList(request: Request, h: ResponseToolkit, place: { id: number; before?: number | undefined }) {
  const query = place.before === undefined ? '' : `?before=${place.before}`;
  return readFromPrimary(request, h.redirect(`/todos${query}#todo-${place.id}`).code(303));
}
