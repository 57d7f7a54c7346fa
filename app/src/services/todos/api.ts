import { notFound } from '@hapi/boom';
import { z } from 'zod';
import { type AnyEndpoint, endpoint } from '../../http/endpoint.ts';
import { changes, id, newTodo, pageQuery, type Todo, todo, todoPage } from './schemas.ts';
import type { Todos } from './table.ts';

/**
 * `/api/todos` for programs. It needs no CSRF token: a page of another site can make a browser send a form with the
 * user's cookies, but not a body of type application/json, which this API requires, nor a PATCH or DELETE.
 */
export function todoApi(todos: Todos): AnyEndpoint[] {
  const service = 'todos';
  return [
    endpoint({
      method: 'GET',
      path: '/api/todos',
      service,
      summary: 'Lists todos, newest first',
      query: z.strictObject(pageQuery),
      responses: {
        200: { description: 'A page of the list', schema: todoPage },
        400: invalidPage,
        503: unavailable,
      },
      handle: ({ query }) => todos.list(query),
    }),
    endpoint({
      method: 'POST',
      path: '/api/todos',
      service,
      summary: 'Adds a todo',
      body: newTodo,
      responses: {
        201: { description: 'Added; Location is its path', schema: todo },
        400: { description: 'Title or text is missing, too long or invalid' },
        503: { description: 'The todo may have been added: check the list before you try again' },
      },
      async handle({ body, h }) {
        const added = await todos.add(body);
        return h.response(added).code(201).location(`/api/todos/${added.id}`);
      },
    }),
    endpoint({
      method: 'GET',
      path: '/api/todos/{id}',
      service,
      summary: 'Returns a todo',
      params,
      responses: { 200: { description: 'The todo', schema: todo }, 404: noTodo, 503: unavailable },
      handle: async ({ params: { id } }) => orNotFound(await todos.find(id)),
    }),
    endpoint({
      method: 'PATCH',
      path: '/api/todos/{id}',
      service,
      summary: 'Changes the title, text or done of a todo',
      params,
      body: changes,
      responses: {
        200: { description: 'The changed todo', schema: todo },
        400: { description: 'No change, or an invalid field' },
        404: noTodo,
        503: { description: 'The todo may have been changed: it is safe to try again' },
      },
      handle: async ({ params: { id }, body }) => orNotFound(await todos.change(id, body)),
    }),
    endpoint({
      method: 'DELETE',
      path: '/api/todos/{id}',
      service,
      summary: 'Removes a todo',
      params,
      responses: { 204: { description: 'Removed' }, 404: noTodo, 503: unavailable },
      async handle({ params: { id }, h }) {
        if (!(await todos.remove(id))) throw noSuchTodo();
        return h.response().code(204);
      },
    }),
  ];
}

const params = z.strictObject({ id });
const noTodo = { description: 'No such todo' };
const unavailable = { description: 'MySQL is unavailable: try again' };
const invalidPage = { description: 'Invalid page of the list' };

/** The 404 for a todo that does not exist. */
export const noSuchTodo = () => notFound('No such todo');

function orNotFound(todo: Todo | undefined): Todo {
  if (todo) return todo;
  throw noSuchTodo();
}
