import { notFound } from '@hapi/boom';
import { z } from 'zod';
import { type AnyEndpoint, endpoint } from '../../http/endpoint.ts';
import { changes, id, newTodo, place, type Todo, todo, todoPage } from './schemas.ts';
import type { Todos } from './table.ts';

/**
 * `/api/todos` for programs. No CSRF token: a page elsewhere can make a browser send a form with the user's
 * cookies, but not a body of type application/json, which is all that these take, nor any PATCH or DELETE.
 */
export function todoApi(todos: Todos): AnyEndpoint[] {
  const service = 'todos';
  return [
    endpoint({
      method: 'GET',
      path: '/api/todos',
      service,
      summary: 'Todos, newest first',
      query: z.strictObject(place),
      responses: { 200: { description: 'Part of the list', schema: todoPage }, 400: noPlace, 503: notNow },
      handle: ({ query }) => todos.list(query),
    }),
    endpoint({
      method: 'POST',
      path: '/api/todos',
      service,
      summary: 'Adds a todo',
      body: newTodo,
      responses: {
        201: { description: 'Added; Location says where it is', schema: todo },
        400: { description: 'Title or text missing, too long or not text' },
        503: { description: 'Added or not, which nobody knows: look before adding again' },
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
      summary: 'One todo',
      params,
      responses: { 200: { description: 'The todo', schema: todo }, 404: unknown, 503: notNow },
      handle: async ({ params: { id } }) => found(await todos.find(id)),
    }),
    endpoint({
      method: 'PATCH',
      path: '/api/todos/{id}',
      service,
      summary: 'Changes title, text or done of a todo',
      params,
      body: changes,
      responses: {
        200: { description: 'The todo as it is now', schema: todo },
        400: { description: 'Nothing to change, or not what a todo can have' },
        404: unknown,
        503: { description: 'Changed or not, which nobody knows: ask again, it does no harm' },
      },
      handle: async ({ params: { id }, body }) => found(await todos.change(id, body)),
    }),
    endpoint({
      method: 'DELETE',
      path: '/api/todos/{id}',
      service,
      summary: 'Removes a todo',
      params,
      responses: { 204: { description: 'Removed' }, 404: unknown, 503: notNow },
      async handle({ params: { id }, h }) {
        if (!(await todos.remove(id))) throw noSuchTodo();
        return h.response().code(204);
      },
    }),
  ];
}

const params = z.strictObject({ id });
const unknown = { description: 'No such todo' };
const notNow = { description: 'MySQL does not answer: ask again' };
const noPlace = { description: 'Not a part that the list can have' };

/** The 404 of all that asks for one todo. */
export const noSuchTodo = () => notFound('No such todo');

function found(todo: Todo | undefined): Todo {
  if (todo) return todo;
  throw noSuchTodo();
}
