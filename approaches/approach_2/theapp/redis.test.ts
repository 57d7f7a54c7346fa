import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { pino } from 'pino';
import t from 'tap';
import { readConfig } from '../../../app/src/config.ts';
import { noopObserver } from '../../../app/src/dependencies/breaker.ts';
import { openStore } from '../../../app/src/dependencies/redis.ts';
import { launch, newFolder, type Process } from '../../../testing/servers/process.ts';

const SCRIPTS = import.meta.dirname;

/** approach_2's three Redis servers and three Sentinels, with loopback addresses instead of names. */
const prefix = `127.${1 + (process.pid % 250)}`;
const redis = [1, 2, 3].map((n) => `${prefix}.0.${n}`);
const sentinels = [1, 2, 3].map((n) => `${prefix}.1.${n}`);
const [first = ''] = redis;

t.setTimeout(240_000);

const folder = await newFolder('redis-cluster');
const secret = join(folder, 'secret');
const log = join(folder, 'log');
const running = new Map<string, Process>();
t.teardown(async () => {
  // killing a start script does not kill its server
  await Promise.all(
    [...running.keys()].map((address) => ask(address, secretNow(), 'SHUTDOWN', 'NOSAVE', 'NOW', 'FORCE')),
  );
  await Promise.all([...running.values()].map((server) => server.end('SIGKILL')));
});

/** One of the stack's scripts, with the addresses, data folder and secrets of this test. */
async function script(file: string, address = ''): Promise<string> {
  const data = join(folder, address || 'job');
  await mkdir(data, { recursive: true });
  const text = readFileSync(join(SCRIPTS, file), 'utf8')
    .replaceAll(/\bredis-(?=[\d$[])/g, `${prefix}.0.`)
    .replaceAll(/\bsentinel-(?=[\d$[])/g, `${prefix}.1.`)
    .replaceAll('/run/secrets/redis', secret)
    .replaceAll('/data', data)
    .replace('self=127.0.0.1', `self=${address}`)
    .replace('bind * -::*', `bind ${address}`);
  const path = join(data, file);
  writeFileSync(path, text);
  return path;
}

async function start(address: string): Promise<void> {
  const file = redis.includes(address) ? 'redis-start.sh' : 'sentinel-start.sh';
  const settings = ['APPEND_FSYNC=always', 'MAX_MEMORY_MB=64', 'DOWN_AFTER_MS=3000'];
  running.set(address, launch('env', [...settings, 'sh', await script(file, address), address], log));
  await until(`${address} answers`, async () => (await ask(address, secretNow(), 'PING')) === 'PONG');
}

/** Restarts a server like an update, in which the old container stops before the new one starts. */
async function restart(address: string): Promise<void> {
  await running.get(address)?.end('SIGTERM');
  await start(address);
}

const secretNow = () => readFileSync(secret, 'utf8');

/** The response of a server to a client with this password. */
async function ask(address: string, password: string, ...words: string[]): Promise<string> {
  const port = redis.includes(address) ? '6379' : '26379';
  const env = { REDISCLI_AUTH: password };
  const all = ['--raw', '--no-auth-warning', '-h', address, '-p', port, ...words];
  const { stdout } = await execa('redis-cli', all, { env, reject: false, timeout: 5000 });
  return stdout.trim();
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; await sleep(200))
    if (await isSo()) return;
  throw new Error(`not within 60 s: ${what}\n${readFileSync(log, 'utf8').slice(-3000)}`);
}

/** Two replicas of TheAPP that count concurrently. `stop` returns all numbers that they returned. */
function count() {
  const environment = {
    MYSQL_PASS: '-',
    REDIS_SENTINELS: sentinels.map((one) => `${one}:26379`).join(),
    REDIS_SENTINEL_NAME: 'theapp',
    REDIS_PASS: secretNow(),
    REDIS_SENTINEL_PASS: secretNow(),
    REDIS_WAIT_REPLICAS: '1',
    REDIS_TIMEOUT_MS: '2000',
  };
  const stores = [1, 2].map(() =>
    openStore(readConfig(environment), noopObserver, pino({ level: 'silent' })),
  );
  const given: number[] = [];
  let [stopped, refused] = [false, 0];
  const work = stores.flatMap((store) =>
    Array.from({ length: 4 }, async () => {
      for (; !stopped; await sleep(5)) {
        const number = await store.increment('count').catch(() => void refused++);
        if (number !== undefined) given.push(number);
      }
    }),
  );
  return {
    refused: () => refused,
    async stop() {
      stopped = true;
      await Promise.all(work);
      await Promise.all(stores.map((store) => store.close()));
      return given;
    },
  };
}

/** The master that all Sentinels agree on; empty if they do not. */
async function master(password: string): Promise<string> {
  const words = ['SENTINEL', 'get-master-addr-by-name', 'theapp'];
  const said = await Promise.all(sentinels.map((one) => ask(one, password, ...words)));
  const [one = ''] = said.map((lines) => lines.split('\n')[0]);
  return said.every((lines) => lines.split('\n')[0] === one) ? one : '';
}

/** Waits until there is one master with two replicas, and all Sentinels know all of them. */
const whole = (password: string) =>
  until('whole', async () => {
    const one = await master(password);
    if (!redis.includes(one)) return false;
    const lines = await ask(one, password, 'INFO', 'replication');
    const known = await Promise.all(
      sentinels.map((one) => ask(one, password, 'SENTINEL', 'ckquorum', 'theapp')),
    );
    return (
      (lines.match(/state=online/g) ?? []).length === 2 &&
      known.every((words) => words.startsWith('OK 3 usable'))
    );
  });

t.test('the stack’s Redis', async (t) => {
  writeFileSync(secret, 'the-old-password');
  for (const address of [...redis, ...sentinels]) await start(address);
  await whole('the-old-password');
  t.equal(await master('the-old-password'), first, 'the first is the master');
  t.match(await ask(first, 'another-password', 'PING'), /NOAUTH|WRONGPASS/);

  await t.test('a master that is told to stop hands over first', async (t) => {
    const counting = count();
    await sleep(1000);
    await running.get(first)?.end('SIGTERM');
    const next = await master('the-old-password');
    t.not(next, first);
    t.equal(
      await ask(next, 'the-old-password', 'SET', 'a', 'b'),
      'OK',
      'the new master accepts writes immediately',
    );
    await sleep(1000);
    const given = await counting.stop();
    t.equal(new Set(given).size, given.length, 'no number is returned twice');
    t.comment(`${given.length} counts, ${counting.refused()} refused`);
    await start(first);
    await whole('the-old-password');
    t.equal(await master('the-old-password'), next, 'the server that comes back is a replica');
  });

  await t.test('a password change, one server after the other', async (t) => {
    writeFileSync(secret, 'the-new-password');
    for (const address of [...redis, ...sentinels]) {
      await restart(address);
      await whole('the-old-password');
      t.pass(`after ${address}, all servers are connected, and the old password is still valid`);
    }
    await whole('the-new-password');
    const { all } = await execa('sh', [await script('redis-passwords.sh')], { all: true });
    t.match(all, /only the new password is valid/);
    t.notMatch(all, /the-\w+-password/);
    for (const address of [...redis, ...sentinels])
      t.match(
        await ask(address, 'the-old-password', 'PING'),
        /NOAUTH|WRONGPASS/,
        `${address}: only the new password`,
      );
    await whole('the-new-password');
    for (const address of [first, ...sentinels.slice(0, 1)]) {
      await restart(address);
      t.match(
        await ask(address, 'the-old-password', 'PING'),
        /NOAUTH|WRONGPASS/,
        `${address}: also after a restart`,
      );
    }
    await whole('the-new-password');
    const { all: again } = await execa('sh', [await script('redis-passwords.sh')], { all: true });
    t.match(again, /only the new password is valid/, 'running it twice is harmless');
    await whole('the-new-password');
    t.equal(
      await ask(await master('the-new-password'), 'the-new-password', 'GET', 'a'),
      'b',
      'the data is still there',
    );
  });
});
