import type { Request, ResponseToolkit } from '@hapi/hapi';
import type {} from '@hapi/vision';
import { z } from 'zod';
import { Unavailable } from '../../dependencies/dependencies.ts';
import { type AnyEndpoint, endpoint } from '../../http/endpoint.ts';
import { logUnavailable } from '../../http/request/serviceUnavailable.ts';
import { noSuchTodo } from './api.ts';
import { emptyForm, formKey, formView, readForm } from './form.ts';
import { readFromPrimary, readsFromPrimary } from './readYourWrites.ts';
import { id, newTodo, pageQuery, pageSize, type Todo } from './schemas.ts';
import type { Todos } from './table.ts';

/** `/todos` for browsers. The pages set `form` too: they contain the CSRF token that their forms send back. */
export function todoPages(todos: Todos): AnyEndpoint[] {
  const service = 'todos';
  const page = { description: 'The page', type: 'text/html' };
  const unavailable = { description: 'MySQL is unavailable: an error page', type: 'text/html' };
  return [
    endpoint({
      method: 'GET',
      path: '/todos',
      root: '/',
      service,
      form: true,
      summary: 'The page with the todos, newest first',
      query: z.object({ before: pageQuery.before }),
      responses: { 200: page, 503: unavailable },
      async handle({ query: { before }, request, h }) {
        const part = await todos.list({ before, limit: pageSize }, readsFromPrimary(request));
        const paginated = before !== undefined || part.next !== null;
        return h.view('todos', { before, next: part.next, paginated, todos: part.todos.map(todoView) });
      },
    }),
    endpoint({
      method: 'GET',
      path: '/todos/new',
      root: '/new',
      service,
      form: true,
      summary: 'The page with the form for a new todo',
      responses: { 200: page },
      handle: ({ h }) => h.view('newTodo', formView(emptyForm())),
    }),
    endpoint({
      method: 'POST',
      path: '/todos',
      service,
      form: true,
      summary: 'Adds the todo of the form',
      body: newTodo.extend({ key: formKey.optional() }),
      responses: {
        303: { description: 'Added; redirects to the list' },
        403: { description: 'Missing or invalid CSRF token' },
        422: { description: 'The form again, with error messages', type: 'text/html' },
        503: { description: 'The form again, to send once more', type: 'text/html' },
      },
      onInvalid: (problems, { request, h }) =>
        h.view('newTodo', formView(readForm(request.payload), problems)).code(422),
      async handle({ body: { key, ...todo }, request, h }) {
        const added = await todos.add(todo, key).catch(returnUnavailable);
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
      body: z.strictObject({ done: z.enum(['true', 'false']), before: pageQuery.before }),
      responses: {
        303: { description: 'Changed; redirects to the page of the list' },
        403: { description: 'Missing or invalid CSRF token' },
        404: { description: 'No such todo' },
        503: unavailable,
      },
      async handle({ params: { id }, body: { done, before }, request, h }) {
        // Set the value of the button instead of toggling: submitting the form twice has the same effect.
        const changed = await todos.change(id, { done: done === 'true' });
        if (!changed) throw noSuchTodo();
        return toList(request, h, { id, before });
      },
    }),
  ];
}

/** A todo with the values that the template cannot compute. */
const todoView = (todo: Todo) => ({ ...todo, on: day.format(new Date(todo.createdAt)) });

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

function returnUnavailable(error: unknown) {
  if (error instanceof Unavailable) return error;
  throw error;
}

/** See Other (303): a reload does not submit the form again. The fragment moves the keyboard focus to the todo. */
function toList(
  request: Request,
  h: ResponseToolkit,
  { id, before }: { id: number; before?: number | undefined },
) {
  const query = before === undefined ? '' : `?before=${before}`;
  return readFromPrimary(request, h.redirect(`/todos${query}#todo-${id}`).code(303));
}
