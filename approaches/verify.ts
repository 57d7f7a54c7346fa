import { type Expected, failure } from '../provision/index.ts';

/** Requests a path of TheAPP, checks the response, and returns its body. */
type Ask = (path: string, expected: Expected) => Promise<string>;

/** Pages, and the beginning of their titles (app/pages). */
export const pages = { '/': 'Services', '/todos': 'Todos', '/todos/new': 'New todo', '/docs': 'API' };

/** Uses every service of TheAPP as a client would. It leaves a birthday and a counter behind, both named `verify`. */
export async function askServices(ask: Ask): Promise<void> {
  await ask('/', { body: 'Hello world!\n' });
  await ask('/readyz', { body: '{"status":"ready"}' });
  await ask('/hello', { body: '{"hello":"world"}' });
  await ask('/hello/verify', { method: 'PUT', send: { dateOfBirth: '1990-12-31' }, status: 204 });
  await ask('/hello/verify', {
    body: /^\{"message":"Hello, verify! (Your birthday is in \d+ day\(s\)|Happy birthday!)"\}$/,
  });
  await ask('/charmander', {
    body: /^\{"statusCode":200,"data":\{"name":"charmander","type":"fuego","count":\d+\}\}$/,
  });
  await ask('/ping', { body: '{"status":"ok"}' });
  await counting(ask);
  await aTodo(ask);
  for (const [path, title] of Object.entries(pages))
    await ask(path, { accept: 'text/html', body: new RegExp(`<title>${title}`) });
  await ask('/openapi.json', { body: /^\{"openapi":"3\.1\./ });
}

async function counting(ask: Ask): Promise<void> {
  const count = async () =>
    Number(/\d+/.exec(await ask('/counter/verify', { body: /^\{"count":\d+\}$/ }))?.[0]);
  const [first, second] = [await count(), await count()];
  if (second > first) return;
  throw failure({
    place: '/counter/verify',
    what: `the counter does not count: it returned ${first}, then ${second}`,
    todo: 'check that all replicas of TheAPP use the same Redis',
  });
}

/** Creates, lists, completes and deletes a todo, and deletes any that an interrupted verification has left. */
async function aTodo(ask: Ask): Promise<void> {
  const title = 'Verification by the provisioner';
  const made = { title, text: 'It is deleted again immediately.' };
  const list = async () => JSON.parse(await ask('/api/todos?limit=100', { body: /^\{"todos":\[/ })) as Todos;
  try {
    const { id } = JSON.parse(await ask('/api/todos', { method: 'POST', send: made, status: 201 })) as Todo;
    await ask('/api/todos', { body: new RegExp(`"id":${id},"title":"${title}"`) });
    await ask(`/api/todos/${id}`, { method: 'PATCH', send: { done: true }, body: /"done":true/ });
  } finally {
    const { todos } = await list();
    for (const { id } of todos.filter((todo) => todo.title === title)) {
      await ask(`/api/todos/${id}`, { method: 'DELETE', status: 204 });
      await ask(`/api/todos/${id}`, { status: 404 });
    }
  }
}

interface Todo {
  readonly id: number;
  readonly title: string;
}

interface Todos {
  readonly todos: readonly Todo[];
}
