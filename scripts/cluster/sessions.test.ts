import t from 'tap';
import { explain, sh } from '../../provision/index.ts';
import { freePort, remove, sshd } from '../../provision/testing.ts';
import { newSessions } from './sessions.ts';

t.setTimeout(120_000);

const server = await sshd();
t.teardown(() => remove(server));

t.test('parallel calls get their own answers', async (t) => {
  const sessions = newSessions();
  t.teardown(() => sessions.close());
  const host = server.host();
  const answers = await Promise.all([
    sessions.read(host, [sh`sleep 0.3; echo slow`, sh`echo more`]),
    sessions.read(host, [sh`echo quick`]),
    sessions.run(host, sh`echo run`),
  ]);
  t.strictSame(answers, [['slow\n', 'more\n'], ['quick\n'], 'run\n']);
});

t.test('a lost session is reopened; a failed command reports why and does not affect others', async (t) => {
  const sessions = newSessions();
  t.teardown(() => sessions.close());
  const host = server.host();
  t.strictSame(await sessions.read(host, [sh`echo one`]), ['one\n']);
  server.killSessions();
  await t.rejects(sessions.read(host, [sh`echo two`]));
  t.strictSame(await sessions.read(host, [sh`echo three`]), ['three\n']);
  const said = await sessions.run(host, sh`echo its words >&2; false`).catch(explain);
  t.match(said, /the command failed: exit code 1\n {4}its words/);
  await t.rejects(sessions.read(host, [sh`exit 3`]), /the cluster could not be probed/);
  await t.rejects(sessions.run(host, sh`sleep 60`, 1), /the command failed: it did not finish within 1 s/);
  t.equal(await sessions.run(host, sh`echo four`), 'four\n');
});

t.test('a host that does not answer', async (t) => {
  const sessions = newSessions();
  t.teardown(() => sessions.close());
  const nobody = server.host({ port: await freePort() });
  t.match(await sessions.read(nobody, [sh`echo one`]).catch((error) => error), { kind: 'unreachable' });
});
