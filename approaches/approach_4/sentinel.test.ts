import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { execa } from 'execa';
import t from 'tap';
import { skipFile } from '../../provision/testing.ts';
import { ownNetwork } from '../../testing/servers/network.ts';
import { launch, locate, newFolder } from '../../testing/servers/process.ts';

// The liveness probe of Sentinel, with a real Sentinel and a firewall that rejects its first packet.

ownNetwork();
const run = promisify(execFile);
const { stdout: version } = await run(locate('redis-server', 'redis-server'), ['--version']);
const [, major, minor] = /v=(\d+)\.(\d+)/.exec(version) ?? [];
// Redis counts the rounds of its event loop since 7.2. The chart's image is version 8.
skipFile(Number(major) + Number(minor) / 10 >= 7.2 ? false : `needs Redis 7.2, found ${major}.${minor}`);
const folder = await newFolder('sentinel-alive');
const log = join(folder, 'log');
const secret = join(folder, 'secret');
writeFileSync(secret, 'secret-1');
const PORT = '26379';
const probe = join(folder, 'alive.sh');
const text = readFileSync(join(import.meta.dirname, 'data/files/redis-alive.sh'), 'utf8');
writeFileSync(probe, text.replaceAll('/run/secrets/redis', secret));
t.setTimeout(60_000);

const nft = (words: string) => run(locate('nft', 'nftables'), [words]);
const alive = async (...words: string[]) =>
  (await execa('bash', [probe, PORT, ...words], { reject: false })).exitCode;

/** A Sentinel that monitors a server at 127.0.0.2. */
async function startSentinel(): Promise<ReturnType<typeof launch>> {
  const config = join(folder, 'sentinel.conf');
  writeFileSync(config, `port ${PORT}\nrequirepass secret-1\nsentinel monitor theapp 127.0.0.2 6379 1\n`);
  const sentinel = launch(locate('redis-server', 'redis-server'), [config, '--sentinel'], log);
  while ((await alive()) !== 0) await sleep(100);
  return sentinel;
}

t.test('a Sentinel whose connection was rejected at first does not pass its liveness probe', async (t) => {
  const words = ['--port', '6379', '--bind', '127.0.0.2', '--save', '', '--dir', folder];
  const redis = launch(locate('redis-server', 'redis-server'), words, log);
  t.teardown(() => redis.end('SIGKILL'));
  const calm = await startSentinel();
  await sleep(3000);
  t.equal(await alive('5000'), 0, 'as a rule it passes');
  await calm.end('SIGKILL');

  await nft('add table inet t; add chain inet t input { type filter hook input priority 0; }');
  await nft('add rule inet t input ip daddr 127.0.0.2 tcp dport 6379 reject with icmp port-unreachable');
  const rejected = await startSentinel();
  t.teardown(() => rejected.end('SIGKILL'));
  await sleep(200);
  await nft('delete table inet t');
  await sleep(5000);
  t.equal(await alive(), 0, 'it responds');
  t.equal(await alive('5000'), 1, 'but it has to restart');
});
