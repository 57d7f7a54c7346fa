import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { explain } from '../errors.ts';
import { sh } from '../shell/sh.ts';
import { agent } from '../testing/ssh/agent.ts';
import { options, probe } from '../testing/ssh/session.ts';
import { freePort, newKey, remove, sshd } from '../testing/ssh/sshd.ts';
import { openSession } from './open.ts';

const server = await sshd();
t.teardown(() => remove(server));

/** The error as shown when no session can be opened. */
async function refusal(...args: Parameters<typeof openSession>): Promise<string> {
  const error = await openSession(...args).then(
    (session) => session.close().then(() => 'a session'),
    (error) => error,
  );
  return `${Reflect.get(Object(error), 'kind')}: ${explain(error)}`;
}

t.test('a session: how long it takes, and that it leaves nothing behind', async (t) => {
  const times: number[][] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    const session = await openSession(server.host(), options());
    const opened = performance.now();
    const seen = await probe(session, sh`id -u; pwd; printf err >&2`);
    const answered = performance.now();
    t.match(seen, { code: 0, stdout: /^\d+\n\//, stderr: 'err' });
    t.equal(session.roundTrips, 1);
    await session.close();
    times.push([opened - start, answered - opened, performance.now() - answered]);
    t.throws(() => statSync(String(seen?.stdout.split('\n')[1]).replace(/\/x$/, '')), { code: 'ENOENT' });
  }
  const [open = 0, first = 0, close = 0] = times.at(-1) ?? [];
  t.comment(`open ${open.toFixed()} ms, first exchange ${first.toFixed()} ms, close ${close.toFixed()} ms`);
  const best = Math.min(...times.map(([open = 0, first = 0]) => open + first));
  t.ok(best < 400, `connect and the first exchange take ${best.toFixed()} ms`);
});

t.test('an exchange does not wait 40 ms for a delayed acknowledgement (TCP_NODELAY)', async (t) => {
  const setNoDelay = t.capture(Socket.prototype, 'setNoDelay', Socket.prototype.setNoDelay);
  const session = await openSession(server.host(), options());
  t.teardown(() => session.close());
  t.match(await probe(session), { code: 0 });
  t.strictSame(
    setNoDelay().map(({ args }) => args),
    [[true]],
  );
});

t.test('a login shell that prints text before it runs the command', async (t) => {
  const noisy = await sshd();
  t.teardown(() => remove(noisy));
  writeFileSync(`${noisy.folder}/.bashrc`, 'echo welcome; echo frame-0 1 2; echo to you >&2\n');
  const session = await openSession(noisy.host(), options());
  t.teardown(() => session.close());
  t.equal((await probe(session, sh`echo fine`))?.stdout, 'fine\n');
});

t.test('an account without a shell', async (t) => {
  const closed = await sshd({ lines: ['ForceCommand echo "This account is not available."; exit 3'] });
  t.teardown(() => remove(closed));
  const session = await openSession(closed.host(), options());
  t.teardown(() => session.close());
  const error = await probe(session).catch((error) => error);
  t.match(error, { kind: 'unreachable' });
  t.match(explain(error), /box: no shell could be started: .*code 3\n {4}This account is not available\./);
});

t.test('the session of a killed sshd is unreachable immediately', async (t) => {
  const session = await openSession(server.host(), options());
  t.teardown(() => session.close());
  await probe(session);
  const start = Date.now();
  const exchange = session.exchange({ steps: [{ script: sh`sleep 30`, timeout: 60 }], probes: [] });
  setTimeout(() => server.killSessions(), 100);
  const error = await exchange.catch((error) => error);
  t.match(error, { kind: 'unreachable' });
  t.match(explain(error), /box: the connection was lost: .*\n {2}→ check that/);
  t.ok(Date.now() - start < 3000);
  t.match(await probe(session).catch((error) => error), { kind: 'unreachable' }, 'and stays unreachable');
});

t.test('aborted during an exchange', async (t) => {
  const session = await openSession(server.host(), options());
  const exchange = session.exchange({ steps: [{ script: sh`sleep 30`, timeout: 60 }], probes: [] });
  setTimeout(() => session.abort(), 50);
  await t.rejects(exchange, /closed by this computer/);
  await session.close();
});

t.test('aborted while waiting for a machine', async (t) => {
  const controller = new AbortController();
  const host = server.host({ port: await freePort() });
  setTimeout(() => controller.abort(), 150);
  const start = Date.now();
  const words = await refusal(host, options({ signal: controller.signal, retry: true, connectSeconds: 60 }));
  t.match(words, /interrupted while connecting/);
  t.ok(Date.now() - start < 2000);
});

t.test('a refused key', async (t) => {
  const other = newKey(`${t.testdir()}/other`);
  const start = Date.now();
  const words = await refusal(server.host({ keyFiles: [other] }), options({ retry: true }));
  t.match(
    words,
    /^unreachable: box: 127.0.0.1:\d+ refused every key for user "\w+": tried: .*other \(SHA256:/,
  );
  t.match(words, /the server accepts: publickey\n {2}→ .*ssh-copy-id -i .*other -p \d+ \w+@127.0.0.1$/);
  t.ok(Date.now() - start < 2000, 'without another attempt');
});

t.test('the second of two keys', async (t) => {
  const other = newKey(`${t.testdir()}/other`);
  const session = await openSession(server.host({ keyFiles: [other, server.key] }), options());
  t.teardown(() => session.close());
  t.ok(await probe(session));
});

t.test('an encrypted key, without and with an agent', async (t) => {
  const file = `${t.testdir()}/encrypted`;
  writeFileSync(file, readFileSync(server.key), { mode: 0o600 });
  const socket = await agent(t, newKey(`${t.testdirName}/first`), file);
  execFileSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', file]);
  const config = `${t.testdirName}/ssh_config`;
  writeFileSync(config, 'IdentityFile none\nIdentityAgent none\n');
  // Incomplete, so that the agent is read from ssh_config.
  const { user: _, ...host } = server.host({ keyFiles: [file] });
  t.match(
    await refusal(host, options({ config })),
    /no usable key .*\n {4}.*it is encrypted and not in an agent; ssh-add .*encrypted/,
  );
  writeFileSync(config, `IdentityFile none\nIdentityAgent ${socket}\n`);
  const session = await openSession(host, options({ config }));
  t.teardown(() => session.close());
  t.ok(await probe(session));
});

t.test('waits for an sshd that starts late, with progress', async (t) => {
  const late = await sshd({ start: false });
  t.teardown(() => remove(late));
  const lines: string[] = [];
  const opening = openSession(
    late.host(),
    options({ retry: true, connectSeconds: 20, progress: (line) => lines.push(line) }),
  );
  await wait(600);
  await late.start();
  const session = await opening;
  t.teardown(() => session.close());
  t.ok(await probe(session));
  t.match(lines[0], /^waiting for SSH at 127.0.0.1:\d+: connection refused \(0 s of at most 20 s\)$/);
});

t.test('a machine that never answers', async (t) => {
  const host = server.host({ port: await freePort() });
  const words = await refusal(host, options({ retry: true, connectSeconds: 1 }));
  t.match(
    words,
    /^unreachable: box: nothing is listening at 127.0.0.1:\d+: connection refused: still failing after [01] s/,
  );
  t.match(words, /→ check that the machine is up/);
  t.match(await refusal(host, options()), /connection refused\n/, 'without retry it fails immediately');
});

t.test('forty concurrent sessions to one sshd with default limits', async (t) => {
  const start = performance.now();
  const sessions = await Promise.all(Array.from({ length: 40 }, () => openSession(server.host(), options())));
  t.teardown(() => Promise.all(sessions.map((session) => session.close())));
  const seen = await Promise.all(sessions.map((session) => probe(session, sh`echo here`)));
  t.equal(seen.filter((one) => one?.stdout === 'here\n').length, 40);
  t.comment(`${(performance.now() - start).toFixed()} ms`);
});

t.test('connections dropped by an overloaded server are retried', async (t) => {
  const strict = await sshd({ lines: ['MaxStartups 2:80:5'] });
  t.teardown(() => remove(strict));
  const sessions = await Promise.all(
    Array.from({ length: 8 }, () => openSession(strict.host(), options({ retry: true }))),
  );
  t.equal((await Promise.all(sessions.map((session) => probe(session)))).length, 8);
  await Promise.all(sessions.map((session) => session.close()));
});

t.test('more keys than a server allows', async (t) => {
  const strict = await sshd({ lines: ['MaxAuthTries 2'] });
  t.teardown(() => remove(strict));
  t.testdir();
  const keyFiles = [0, 1, 2, 3].map((i) => newKey(`${t.testdirName}/${i}`));
  const words = await refusal(strict.host({ keyFiles }), options({ retry: true }));
  t.match(words, /closed the connection: too many keys were tried for user "\w+"\n {2}→ name the right key/);
});

t.test('no algorithm in common', async (t) => {
  const modern = await sshd({ lines: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] });
  t.teardown(() => remove(modern));
  t.match(await refusal(modern.host(), options()), /have no algorithm in common\n {2}→ .*KexAlgorithms/);
});

// The server keeps the process alive until the teardown, which runs after this.
t.end();
