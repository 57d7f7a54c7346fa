import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { redisPassword, startRedis, startRedisServer } from '../../testing/servers/redis.ts';

// The probes of Redis and Sentinel, with real servers.

t.setTimeout(60_000);

/** Runs probes with this password. There is no program that they could start. */
function probes(t: Test, password = redisPassword) {
  const folder = t.testdir({ password });
  writeFileSync(join(folder, 'password'), password);
  return async (name: 'alive' | 'ready', ...words: (string | number)[]) => {
    const text = readFileSync(join(import.meta.dirname, `data/files/redis-${name}.sh`), 'utf8');
    const script = text.replaceAll('/run/secrets/redis', join(folder, 'password'));
    const options = { reject: false, env: { PATH: '/none' } };
    const { exitCode, stderr } = await execa(
      '/bin/bash',
      ['-c', script, name, ...words.map(String)],
      options,
    );
    if (/not found|No such file/.test(stderr)) throw new Error(`it starts a program: ${stderr}`);
    return exitCode;
  };
}

t.test('a master, a replica, and a server that hangs or is gone', async (t) => {
  const probe = probes(t);
  const master = await startRedis();
  t.teardown(() => master.stop());
  const replica = await startRedisServer({
    lines: [`replicaof 127.0.0.1 ${master.port}`, `masterauth ${redisPassword}`, 'repl-timeout 2'],
  });
  t.teardown(() => replica.stop());
  for (const { port } of [master, replica]) t.equal(await probe('alive', port), 0);
  t.equal(await probe('ready', master.port), 0, 'a master is ready');
  while ((await probe('ready', replica.port)) !== 0) await sleep(200);
  t.equal(await probes(t, 'a "wrong" one')('ready', master.port), 1, 'with a wrong password');

  await master.pause();
  t.equal(await probe('ready', master.port), 1, 'one that hangs is not ready');
  const start = performance.now();
  t.equal(await probe('alive', master.port), 1, 'and not alive');
  t.ok(performance.now() - start < 12_000, 'after ten seconds');
  master.resume();
  await master.kill();
  t.equal(await probe('alive', master.port), 1, 'a server that is gone');
  while ((await probe('ready', replica.port)) === 0) await sleep(200);
  t.equal(await probe('ready', replica.port), 1, 'a replica without its master is not ready');
  t.equal(await probe('alive', replica.port), 0, 'but alive');
});

t.test('a password with any characters', async (t) => {
  const password = `ä "b" 'c'`;
  const redis = await startRedisServer({ lines: ['user default reset on nopass ~* &* +@all'] });
  t.teardown(() => redis.stop());
  const admin = redis.admin();
  await admin.config('SET', 'requirepass', password);
  admin.disconnect();
  t.equal(await probes(t, password)('ready', redis.port), 0);
  t.equal(await probes(t)('ready', redis.port), 1);
});

/** Answers as Sentinel 8 does: to AUTH, then to INFO. */
async function answering(t: Test, ...answers: string[]): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answers.map((line) => `${line}\r\n`).join('')));
  });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

t.test('how often a Sentinel may run through its event loop', async (t) => {
  const cycles = (count: number) => [
    '$88',
    '# Stats',
    'total_connections_received:1',
    `instantaneous_eventloop_cycles_per_sec:${count}`,
    'instantaneous_eventloop_duration_usec:31',
  ];
  const table: [words: string, answers: string[], code: number][] = [
    ['a few times', ['+OK', ...cycles(11)], 0],
    ['without pause', ['+OK', ...cycles(90_123)], 1],
    ['exactly the limit', ['+OK', ...cycles(5000)], 1],
    ['an older Sentinel does not count', ['+OK', '$9', '# Stats'], 0],
    ['it refuses the password', ['-WRONGPASS invalid', '-NOAUTH Authentication required.'], 0],
    ['it does not answer', [], 1],
  ];
  for (const [words, answers, code] of table)
    t.equal(await probes(t)('alive', await answering(t, ...answers), 5000), code, words);
});
