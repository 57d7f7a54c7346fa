import t from 'tap';
import { startMariadb } from '../../../../testing/servers/mariadb.ts';
import { startTheApp } from '../../../../testing/theapp.ts';

const mariadb = await startMariadb();
t.teardown(() => mariadb.stop());
const app = await startTheApp(mariadb.environment);
t.teardown(() => app.stop());

const add = (body: object | string, headers = {}) =>
  app.ask('POST', '/api/todos', { body, headers: { 'content-type': 'application/json', ...headers } });
const patch = (id: number | string, body: object) =>
  app.ask('PATCH', `/api/todos/${id}`, { body, headers: { 'content-type': 'application/json' } });
const ids = (body: unknown) => Object(body).todos.map(({ id }: { id: number }) => id);

t.test('a todo is added, read, changed and removed', async (t) => {
  const added = await add({ title: '  Buy milk ', text: ' two\r\nlitres\t' });
  const todo = { title: 'Buy milk', text: 'two\nlitres', done: false };
  t.match(added, { status: 201, body: { id: Number, ...todo, createdAt: /^\d{4}-.*Z$/ } });
  const path = String(added.headers.location);
  t.strictSame((await app.get(path)).body, added.body, 'as in the response');
  const { id } = Object(added.body);
  const cases: [body: object, changed: object][] = [
    [{ done: true }, { done: true }],
    [{ done: true }, { done: true }],
    [{ title: ' Buy oat milk' }, { title: 'Buy oat milk' }],
    [
      { text: 'one', done: false },
      { text: 'one', done: false },
    ],
  ];
  let expected = Object(added.body);
  for (const [body, changed] of cases) {
    expected = { ...expected, ...changed };
    const answer = await patch(id, body);
    t.strictSame([answer.status, answer.body], [200, expected], JSON.stringify(body));
    t.strictSame((await app.get(path)).body, expected);
  }
  t.match(await app.ask('DELETE', path), { status: 204, body: '' });
  const unknown = { status: 404, body: { statusCode: 404, error: 'Not Found', message: 'No such todo' } };
  t.match(await app.get(path), unknown);
  t.match(await app.ask('DELETE', path), unknown);
  t.match(await patch(id, { done: true }), unknown);
});

t.test('accepts valid todos', async (t) => {
  const cases: [title: string, text: string][] = [
    ['x', 'y'],
    ['x'.repeat(200), 'y'.repeat(2000)],
    ['🍋'.repeat(200), '🍋'.repeat(2000)],
    ['<b>"Fish" & \'chips\'</b>', "'; DROP TABLE todos; --"],
    ['é', 'a\n\n\tb'],
  ];
  for (const [title, text] of cases) {
    const added = await add({ title, text });
    t.match(added, { status: 201, body: { title, text } }, title.slice(0, 30));
    t.match((await app.get(String(added.headers.location))).body, { title, text });
  }
  const escaped = `{"title":"${'\\ud83c\\udf4b'.repeat(200)}","text":"${'\\ud83c\\udf4b'.repeat(2000)}"}`;
  t.equal((await add(escaped)).status, 201, 'each character encoded as twelve bytes');
});

t.test('rejects invalid todos with a reason', async (t) => {
  const [good, long] = [{ title: 'a', text: 'b' }, 'expected 1 to 200 characters'];
  const cases: [body: object | string, path: string, message: string][] = [
    [{ text: 'b' }, 'body.title', 'expected a string'],
    [{ title: 'a' }, 'body.text', 'expected a string'],
    [{ ...good, title: '' }, 'body.title', long],
    [{ ...good, title: ' \n ' }, 'body.title', long],
    [{ ...good, title: 'x'.repeat(201) }, 'body.title', long],
    [{ ...good, title: '🍋'.repeat(201) }, 'body.title', long],
    [{ ...good, text: 'x'.repeat(2001) }, 'body.text', 'expected 1 to 2000 characters'],
    [{ ...good, title: 'a\nb' }, 'body.title', 'expected no control characters'],
    [{ ...good, text: 'a\0b' }, 'body.text', 'expected no control characters'],
    ['{"title":"\\ud83c","text":"b"}', 'body.title', 'expected no control characters'],
    [{ ...good, title: ['a'] }, 'body.title', 'expected a string'],
    [{ ...good, title: { $ne: 1 } }, 'body.title', 'expected a string'],
    [{ ...good, done: true }, 'body', 'unknown key: done'],
    ['[]', 'body', 'expected an object'],
    ['7', 'body', 'expected an object'],
  ];
  const before = ids((await app.get('/api/todos?limit=100')).body).length;
  for (const [body, path, message] of cases) {
    const { status, body: answer } = await add(body);
    t.equal(status, 400, JSON.stringify(body).slice(0, 40));
    const found = Object(answer).problems.find((problem: { path: string }) => problem.path === path);
    t.match(found?.message ?? '', message, `${path}: ${message}`);
  }
  t.equal((await add('{"title":')).status, 400);
  t.equal((await add({ title: 'a', text: 'b'.repeat(40_000) })).status, 413);
  t.equal(ids((await app.get('/api/todos?limit=100')).body).length, before, 'nothing was stored');
  const nothing: [object, string][] = [
    [{}, 'body'],
    [{ done: 'true' }, 'body.done'],
    [{ done: 1 }, 'body.done'],
    [{ id: 7 }, 'body'],
    [{ title: '' }, 'body.title'],
  ];
  for (const [body, path] of nothing)
    t.match(await patch(1, body), { status: 400, body: { problems: [{ path }] } }, JSON.stringify(body));
});

t.test('accepts only JSON, which a form of another site cannot send', async (t) => {
  const types = ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'];
  for (const type of types)
    t.equal((await add('{"title":"a","text":"b"}', { 'content-type': type })).status, 415, type);
});

t.test('lists the todos in pages, newest first', async (t) => {
  const root = await mariadb.root();
  await root.query('DELETE FROM theapp.todos');
  await root.end();
  t.strictSame((await app.get('/api/todos')).body, { todos: [], next: null });
  const made: number[] = [];
  for (let at = 0; at < 45; at++) made.unshift(Object((await add({ title: `${at}`, text: 'x' })).body).id);
  const read: number[] = [];
  for (let url = '/api/todos', next: number | null = 1; next; url = `/api/todos?before=${next}`) {
    const { body } = await app.get(url);
    read.push(...ids(body));
    next = Object(body).next;
  }
  t.strictSame(read, made, 'every todo once');
  const cases: [query: string, from: number, to: number, next: number | null][] = [
    ['', 0, 20, made[19] ?? 0],
    ['?limit=1', 0, 1, made[0] ?? 0],
    ['?limit=44', 0, 44, made[43] ?? 0],
    ['?limit=45', 0, 45, null],
    ['?limit=100', 0, 45, null],
    [`?before=${made[39]}`, 40, 45, null],
    [`?before=${made[44]}`, 45, 45, null],
    [`?limit=2&before=${made[9]}`, 10, 12, made[11] ?? 0],
    ['?before=1', 45, 45, null],
    ['?before=999999999999999', 0, 20, made[19] ?? 0],
  ];
  for (const [query, from, to, next] of cases) {
    const { body } = await app.get(`/api/todos${query}`);
    t.strictSame([ids(body), Object(body).next], [made.slice(from, to), next], query);
  }
  const refused = [
    'limit=0',
    'limit=101',
    'limit=',
    'limit=1e1',
    'limit=-1',
    'before=0',
    'before=x',
    'page=2',
  ];
  for (const query of [...refused, 'limit=1&limit=2', 'before=1%20OR%201', 'before=9999999999999999'])
    t.equal((await app.get(`/api/todos?${query}`)).status, 400, query);
  for (const id of ['0', '-1', '01', 'x', '1e3', '9999999999999999', "1'", '%00'])
    t.match(await app.get(`/api/todos/${id}`), { status: 400 }, id);
});
