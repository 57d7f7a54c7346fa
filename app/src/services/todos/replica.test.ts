import t from 'tap';
import { runAsRoot } from '../../../../testing/servers/mariadb.ts';
import { startReplicatedMariadb } from '../../../../testing/servers/replication.ts';
import { startTheApp, until } from '../../../../testing/theapp.ts';
import { hiddenFields, visit } from '../../../../testing/visitor.ts';

const mysql = await startReplicatedMariadb();
t.teardown(() => mysql.stop());
const app = await startTheApp(mysql.environment);
t.teardown(() => app.stop());
await mysql.caughtUp();

const titles = async (headers = {}) =>
  Object((await app.get('/api/todos?limit=100', headers)).body).todos.map(
    ({ title }: { title: string }) => title,
  );

t.test('a lagging replica: writers see their changes at once, others later', async (t) => {
  await runAsRoot(mysql.replica, 'STOP SLAVE SQL_THREAD');
  const writer = visit(app);
  const sent = await writer.send('/todos/new', '/todos', { title: 'Just added', text: 'x' });
  t.match(sent, { status: 303 });
  t.match((await writer.open('/todos')).body, 'Just added');
  t.notMatch((await visit(app).open('/todos')).body, 'Just added');
  t.strictSame(await titles(), [], 'lists come from the replica');
  const added = await app.ask('POST', '/api/todos', { body: { title: 'From a program', text: 'x' } });
  t.equal((await app.get(String(added.headers.location))).status, 200, 'Location works at once');
  await runAsRoot(mysql.replica, 'START SLAVE SQL_THREAD');
  await mysql.caughtUp();
  t.strictSame(await titles(), ['From a program', 'Just added']);
});

t.test(
  'the primary is down: the list works, a form asks to try again, and its todo is added once',
  async (t) => {
    await mysql.caughtUp();
    await mysql.primary.kill();
    t.strictSame(await titles(), ['From a program', 'Just added']);
    const visitor = visit(app);
    t.match(await visitor.open('/todos'), { status: 200, body: /Just added/ });
    visitor.cookies.set('fresh', '1');
    t.match(await visitor.open('/todos'), { status: 200, body: /Just added/ }, 'also with the fresh cookie');
    const typed = { title: 'FormValues "once"', text: 'first line\n  second <line>' };
    const sent = await visitor.send('/todos/new', '/todos', typed);
    t.match(sent, { status: 503, headers: { 'retry-after': '1', 'content-type': /html/ } });
    const page = String(sent.body);
    t.match(page, /role="alert"/);
    t.match(page, 'value="FormValues &quot;once&quot;"');
    t.match(page, '>\nfirst line\r\n  second &lt;line&gt;</textarea>'.replace('\r', ''));
    t.notMatch(page, /mysql|ECONN|refused/i);
    t.match(await visitor.send('/todos', '/todos/1/toggle', { done: 'true' }), {
      status: 503,
      body: /Temporarily unavailable/,
    });
    t.equal((await app.ask('POST', '/api/todos', { body: { title: 'a', text: 'b' } })).status, 503);
    await mysql.primary.start();
    const fields = { ...typed, ...hiddenFields(page, '/todos') };
    t.ok(await until(async () => (await visitor.send('/todos/new', '/todos', fields)).status === 303));
    t.equal((await visitor.send('/todos/new', '/todos', fields)).status, 303);
    await mysql.caughtUp();
    t.strictSame(await titles(), ['FormValues "once"', 'From a program', 'Just added']);
  },
);

t.test('the replica is down: reads use the primary', async (t) => {
  await mysql.replica.kill();
  t.equal((await titles()).length, 3);
  t.equal((await visit(app).send('/todos/new', '/todos', { title: 'More', text: 'x' })).status, 303);
  t.equal((await titles())[0], 'More');
});
