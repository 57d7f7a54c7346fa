import t from 'tap';
import { startMariadb } from '../../../../testing/servers/mariadb.ts';
import { startTheApp } from '../../../../testing/theapp.ts';
import { hiddenFields, visit } from '../../../../testing/visitor.ts';

const mariadb = await startMariadb();
t.teardown(() => mariadb.stop());
const app = await startTheApp(mariadb.environment, { VHOSTS: 'todo.example.org=todos' });
t.teardown(() => app.stop());

const good = { title: 'Buy milk', text: 'two litres' };
const type = { 'content-type': 'application/x-www-form-urlencoded' };
const stored = async () => Object((await app.get('/api/todos?limit=100')).body).todos;

t.test('a form adds its todo once, however often it is sent', async (t) => {
  const visitor = visit(app);
  const sent = await visitor.send('/todos/new', '/todos', good);
  const [todo] = await stored();
  t.match(todo, { ...good, done: false });
  t.match(sent, { status: 303, headers: { location: `/todos#todo-${todo.id}` } });
  const key = '6f9619ff-8b86-4d11-b42d-00c04fc964ff';
  for (let times = 0; times < 3; times++)
    t.equal((await visitor.send('/todos/new', '/todos', { ...good, key })).status, 303);
  t.equal((await stored()).length, 2);
  t.match((await visitor.open('/todos')).body, /<h2>Buy milk<\/h2>\s*<p class="text">two litres<\/p>/);
});

t.test('without a valid CSRF token nothing is stored', async (t) => {
  const before = (await stored()).length;
  const visitor = visit(app);
  await visitor.open('/todos/new');
  const crumb = String(visitor.cookies.get('crumb'));
  const cookie = `crumb=${crumb}`;
  const other = 'x'.repeat(crumb.length);
  const cases: [string, fields: object, headers: object, status: number][] = [
    ['neither cookie nor token', good, {}, 403],
    ['no token', good, { cookie }, 403],
    ['no cookie', { ...good, crumb }, {}, 403],
    ['another token', { ...good, crumb: other }, { cookie }, 403],
    ['an empty one', { ...good, crumb: '' }, { cookie: 'crumb=' }, 403],
    ['another site', { ...good, crumb }, { cookie, 'sec-fetch-site': 'cross-site' }, 403],
    ['a sibling host name', { ...good, crumb }, { cookie, 'sec-fetch-site': 'same-site' }, 403],
    ['this page', { ...good, crumb }, { cookie, 'sec-fetch-site': 'same-origin' }, 303],
    ['an old browser', { ...good, crumb }, { cookie }, 303],
  ];
  for (const [name, fields, headers, status] of cases) {
    const body = new URLSearchParams({ ...fields }).toString();
    t.equal(
      (await app.ask('POST', '/todos', { body, headers: { ...type, ...headers } })).status,
      status,
      name,
    );
  }
  const twice = new URLSearchParams([['crumb', crumb], ['crumb', crumb], ...Object.entries(good)]).toString();
  t.equal((await app.ask('POST', '/todos', { body: twice, headers: { ...type, cookie } })).status, 403);
  const json = { body: { ...good, crumb }, headers: { cookie } };
  t.equal((await app.ask('POST', '/todos', json)).status, 415, 'JSON');
  const toggled = await app.ask('POST', '/todos/1/toggle', {
    body: 'done=true',
    headers: { ...type, cookie },
  });
  t.equal(toggled.status, 403);
  t.equal((await stored()).length, before + 2);
  t.notOk((await stored()).some(({ done }: { done: boolean }) => done));
});

t.test('errors appear at their fields, and the input is kept', async (t) => {
  const before = (await stored()).length;
  const cases: [fields: Record<string, string>, title: string | null, text: string | null][] = [
    [{ title: '', text: '' }, 'Enter a title.', 'Enter a text.'],
    [{ title: ' ', text: 'kept text' }, 'Enter a title.', null],
    [{ title: 'kept title', text: '' }, null, 'Enter a text.'],
    [{ title: 'x'.repeat(201), text: 'a' }, 'Shorten the title to 200 characters: it has 201.', null],
    [{ title: 'a', text: '🍋'.repeat(2001) }, null, 'Shorten the text to 2000 characters: it has 2001.'],
    [{ title: 'a\u0007', text: 'b' }, 'Enter the title again: it contains invalid characters.', null],
    [{ title: 'kept "title" <i>', text: '</textarea><script>' }, null, null],
  ];
  for (const [fields, title, text] of cases) {
    const { status, body } = await visit(app).send('/todos/new', '/todos', fields);
    t.equal(status, title === null && text === null ? 303 : 422);
    if (status !== 422) continue;
    const page = String(body);
    t.match(page, '<title>Error: New todo · TheAPP</title>');
    for (const [name, message] of Object.entries({ title, text })) {
      const field = new RegExp(`id="${name}" name="${name}"[^>]*>`).exec(page)?.[0] ?? '';
      const error = new RegExp(`id="${name}-error">.*?</p>`).exec(page)?.[0];
      t.match(field, `aria-describedby="${message === null ? '' : `${name}-error `}${name}-hint"`);
      t.equal(field.includes('aria-invalid="true"'), message !== null);
      if (message === null) t.equal(error, undefined);
      else t.match(error, message);
    }
    t.equal(page.match(/autofocus/g)?.length, 1, 'the first invalid field has the focus');
    t.match(page, `value="${fields.title}"`);
    t.match(page, `>\n${fields.text}</textarea>`);
  }
  t.equal((await stored()).length, before + 1);
});

t.test('a form that was not submitted by the page', async (t) => {
  const visitor = visit(app);
  const { status, body } = await visitor.send('/todos/new', '/todos', { ...good, key: 'x', more: 'y' });
  t.equal(status, 422);
  t.match(body, 'The form was not valid');
  t.match(hiddenFields(String(body), '/todos').key, /^[0-9a-f-]{36}$/, 'it can be sent again');
  const crumb = String(visitor.cookies.get('crumb'));
  const headers = { ...type, cookie: `crumb=${crumb}` };
  const many = await app.ask('POST', '/todos', { body: `crumb=${crumb}&title=a&title=b&text=c`, headers });
  t.equal(many.status, 422);
  t.equal((await app.ask('POST', '/todos', { body: `title=${'x'.repeat(40_000)}`, headers })).status, 413);
  const before = (await stored()).length;
  const longest = { title: '🍋'.repeat(200), text: '🍋'.repeat(2000) };
  t.equal((await visitor.send('/todos/new', '/todos', longest)).status, 303, 'the longest possible todo');
  t.equal((await stored()).length, before + 1);
});

t.test('markup is escaped everywhere', async (t) => {
  const evil = `"><script>alert(1)</script>'{{this}}&amp;<img src=x onerror=alert(1)>`;
  const escaped = '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;';
  const visitor = visit(app);
  const long = { title: evil, text: evil.repeat(40) };
  const pages = [await visitor.send('/todos/new', '/todos', long)];
  await visitor.send('/todos/new', '/todos', { title: evil, text: evil });
  pages.push(await visitor.open('/todos'));
  t.strictSame(
    pages.map(({ status }) => status),
    [422, 200],
  );
  for (const { body } of pages) {
    t.match(body, escaped);
    t.notMatch(body, /<script|<img|onerror=alert\(1\)>/);
    t.match(body, '&amp;amp;', 'what looks escaped is escaped again');
  }
  const crumb = await app.get('/todos/new', { cookie: `crumb=${'<script>'}` });
  t.notMatch(crumb.body, /<script/);
  const places = [
    '/%3Cscript%3E',
    '/todos?before=%3Cscript%3E',
    '/api/todos/%3Cscript%3E',
    '/x/%22%3E%3Cimg',
  ];
  for (const url of places) t.notMatch((await visitor.open(url)).body, /<script|<img/, url);
});

t.test('a button sets its value, however often it is pressed', async (t) => {
  const visitor = visit(app);
  const [{ id }] = await stored();
  const done = async () => Object((await app.get(`/api/todos/${id}`)).body).done;
  for (const value of ['true', 'true', 'false', 'false', 'true']) {
    const sent = await visitor.send('/todos', `/todos/${id}/toggle`, { done: value });
    t.match(sent, { status: 303, headers: { location: `/todos#todo-${id}` } });
    t.equal(await done(), value === 'true');
  }
  t.match((await visitor.open('/todos')).body, 'value="false">Mark as not done');
  const cases: [url: string, fields: Record<string, string>, status: number][] = [
    [`/todos/${id}/toggle`, { done: 'maybe' }, 400],
    [`/todos/${id}/toggle`, {}, 400],
    ['/todos/x/toggle', { done: 'true' }, 400],
    ['/todos/999999/toggle', { done: 'true' }, 404],
  ];
  for (const [url, fields, status] of cases) {
    const crumb = String(visitor.cookies.get('crumb'));
    t.equal((await visitor.send('/todos', url, { crumb, ...fields })).status, status, url);
  }
});

t.test('the list has pages, and a button returns to its own page', async (t) => {
  for (let at = 0; at < 25; at++)
    await app.ask('POST', '/api/todos', { body: { title: `Part ${at}`, text: 'x' } });
  const visitor = visit(app);
  const first = String((await visitor.open('/todos')).body);
  t.equal(first.match(/<h2>/g)?.length, 20);
  t.notMatch(first, 'Newest todos');
  const [, older = ''] = /href="(\/todos\?before=\d+)"/.exec(first) ?? [];
  const second = String((await visitor.open(older)).body);
  t.match(second, /<a href="\/todos">Newest todos<\/a>/);
  const [, id = ''] = /\/todos\/(\d+)\/toggle/.exec(second) ?? [];
  const sent = await visitor.send(older, `/todos/${id}/toggle`, { done: 'true' });
  t.equal(sent.headers.location, `${older}#todo-${id}`);
  t.match((await visitor.open('/todos?before=1')).body, 'No older todos.');
  t.equal((await visitor.open('/todos?utm_source=x')).status, 200, 'unknown query parameters are ignored');
});

t.test('cookies are HttpOnly, SameSite and, with HTTPS, Secure', async (t) => {
  const cases: [proto: string | undefined, secure: boolean][] = [
    [undefined, false],
    ['http', false],
    ['https', true],
  ];
  for (const [proto, secure] of cases) {
    const visitor = visit(app, proto ? { 'x-forwarded-proto': proto } : {});
    const answers = [await visitor.open('/todos/new'), await visitor.send('/todos/new', '/todos', good)];
    const [crumb, fresh] = answers.map(({ headers }) => String(headers['set-cookie']));
    t.match(crumb, /^crumb=[\w-]{43};/);
    t.match(fresh, /^fresh=1; Max-Age=10;/);
    for (const cookie of [crumb, fresh]) {
      t.match(cookie, /; HttpOnly; SameSite=Lax; Path=\/$/);
      t.equal(cookie?.includes('; Secure'), secure, String(proto));
    }
  }
  const kept = visit(app);
  await kept.open('/todos');
  t.equal((await kept.open('/todos/new')).headers['set-cookie'], undefined, 'one token for all pages');
  for (const url of ['/api/todos', '/hello', '/', '/docs'])
    t.equal((await app.get(url)).headers['set-cookie'], undefined, `${url} has none`);
  const token = 'x'.repeat(43);
  for (const other of ['other="a b"', 'other={"a":1}', '=', ';;', 'other', 'crumb=other']) {
    const headers = { ...type, cookie: `crumb=${token}; ${other}` };
    const page = String((await app.get('/todos/new', headers)).body);
    const { crumb, key } = hiddenFields(page, '/todos');
    const body = new URLSearchParams({ ...good, crumb: String(crumb), key: String(key) }).toString();
    t.equal((await app.ask('POST', '/todos', { body, headers })).status, 303, `${other} is ignored`);
  }
  t.equal((await app.get('/todos', { cookie: '__proto__=a' })).status, 200);
});

t.test('on a host name of its own', async (t) => {
  const visitor = visit(app, { host: 'todo.example.org' });
  t.match((await visitor.open('/')).body, '<h1>Todos</h1>');
  t.match((await visitor.open('/new')).body, '<h1>New todo</h1>');
  t.equal((await visitor.send('/new', '/todos', good)).status, 303);
  t.equal((await visitor.open('/todos')).status, 200);
});
