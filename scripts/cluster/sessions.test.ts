import t from 'tap';
import { explain, sh } from '../../provision/index.ts';
import { freePort, remove, sshd } from '../../provision/testing.ts';
import { newSessions } from './sessions.ts';

t.setTimeout(120_000);

const server = await sshd();
t.teardown(() => remove(server));

t.test('many ask at once, and each is given its own answer', async (t) => {
  const sessions = newSessions();
  t.teardown(() => sessions.close());
  const host = server.host();
  const answers = await Promise.all([
    sessions.ask(host, [sh`sleep 0.3; echo slow`, sh`echo more`]),
    sessions.ask(host, [sh`echo quick`]),
    sessions.run(host, sh`echo run`),
  ]);
  t.strictSame(answers, [['slow\n', 'more\n'], ['quick\n'], 'run\n']);
});

t.test('a session that is lost is opened again; what fails says why, and stops nobody', async (t) => {
  const sessions = newSessions();
  t.teardown(() => sessions.close());
  const host = server.host();
  t.strictSame(await sessions.ask(host, [sh`echo one`]), ['one\n']);
  server.killSessions();
  await t.rejects(sessions.ask(host, [sh`echo two`]));
  t.strictSame(await sessions.ask(host, [sh`echo three`]), ['three\n']);
  const said = await sessions.run(host, sh`echo its words >&2; false`).catch(explain);
  t.match(said, /the command failed\n {4}its words/);
  await t.rejects(sessions.ask(host, [sh`exit 3`]), /could not be looked at/);
  await t.rejects(sessions.run(host, sh`sleep 60`, 1), /the command failed/);
  t.equal(await sessions.run(host, sh`echo four`), 'four\n');
});

t.test('a host that is not there', async (t) => {
  const sessions = newSessions();
  t.teardown(() => sessions.close());
  const nobody = server.host({ port: await freePort() });
  t.match(await sessions.ask(nobody, [sh`echo one`]).catch((error) => error), { kind: 'unreachable' });
});
