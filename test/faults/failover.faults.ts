import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openLedger } from '../../scripts/cluster/load/ledger.ts';
import { ownNetwork } from '../../testing/servers/network.ts';
import type { Server } from '../../testing/servers/server.ts';
import { incrementCounter } from './clients.ts';
import { heal, inject, startServers } from './servers.ts';

ownNetwork();
const servers = await startServers();
t.teardown(() => servers.stop());
const urls = await Promise.all([servers.startApp(), servers.startApp()]);
const { counts } = openLedger();

/** 20 clients send ten requests a second each: ten clients per process of TheAPP, two or three per counter. */
const [clients, pause, ids] = [20, 100, 8];
const acknowledged: { at: number; url: string }[] = [];
const refused = new Map<string, number>();
let stopped = false;
const counting = Array.from({ length: clients }, async (_, client) => {
  const url = urls[client % urls.length] ?? '';
  for (let next = performance.now(); !stopped; await sleep(Math.max(0, next - performance.now()))) {
    next = Math.max(next + pause, performance.now());
    const word = await incrementCounter(url, counts, `id${client % ids}`).catch(String);
    if (word === '200') acknowledged.push({ at: performance.now(), url });
    else refused.set(word, (refused.get(word) ?? 0) + 1);
  }
});

/** Resolves with true once the clients have received at least 190 numbers within one second; false after 30 s. */
async function atFullRate() {
  const inLastSecond = () => acknowledged.filter(({ at }) => at > performance.now() - 1000).length;
  for (const end = performance.now() + 30_000; performance.now() < end; await sleep(50))
    if (inLastSecond() >= 190) return true;
  return false;
}

/** The longest time in seconds since `since` without a new number for the clients of one process. */
function longestPause(url: string, since: number): number {
  const moments = acknowledged.filter((given) => given.url === url && given.at > since).map(({ at }) => at);
  const pauses = [...moments, performance.now()].map((at, place) => at - (moments[place - 1] ?? since));
  return Math.max(...pauses) / 1000;
}

/** A fault of the master: how to inject and how to heal it. */
interface MasterFault {
  inject(master: Server): Promise<void>;
  heal(master: Server): Promise<void> | void;
}

async function failover({ inject, heal }: MasterFault) {
  const before = await servers.redis.master();
  acknowledged.length = 0;
  refused.clear();
  const began = performance.now();
  await inject(before);
  for (const end = began + 30_000; performance.now() < end; await sleep(50))
    if ((await servers.redis.master().catch(() => before)) !== before) break;
  const full = await atFullRate();
  await heal(before);
  await servers.settled();
  const back = await atFullRate();
  const pauses = urls.map((url) => longestPause(url, began));
  return { before, after: await servers.redis.master(), full, back, pauses };
}

const [sentinel] = servers.redis.sentinels;
const masterFaults: Record<string, MasterFault> = {
  killed: { inject: inject.killed, heal: heal.killed },
  paused: { inject: inject.paused, heal: heal.paused },
  cut: { inject: inject.cut, heal: heal.cut },
  'cut off from the other servers, not from TheAPP': {
    inject: (master) => master.isolate(),
    heal: (master) => master.mend(),
  },
  'killed while the first Sentinel is paused': {
    async inject(master) {
      await sentinel?.pause();
      await master.kill();
    },
    async heal(master) {
      sentinel?.resume();
      await master.start();
    },
  },
};

for (const [name, fault] of Object.entries(masterFaults))
  t.test(`the Redis master is ${name}`, async (t) => {
    t.ok(await atFullRate(), '200 requests a second');
    const { before, after, full, back, pauses } = await failover(fault);
    t.not(after, before, 'another server is the master');
    t.ok(full && back, '200 requests a second after the failover, and when the old master is back');
    const [words, longest] = [pauses.map((pause) => pause.toFixed(1)).join(' and '), Math.max(...pauses)];
    t.ok(longest <= 10, `longest wait for a number per process: ${words} s`);
    t.comment(
      `pause: ${words} s; ${acknowledged.length} numbers; other results: ${JSON.stringify([...refused])}`,
    );
    t.strictSame(
      counts.problems.splice(0),
      [],
      'every number is unique and higher than those returned before',
    );
    t.strictSame([...new Set(['503', ...refused.keys()])], ['503'], 'only 503 during the failover');
  });

t.test('every Redis has every number that was returned', async (t) => {
  stopped = true;
  await Promise.all(counting);
  await servers.settled();
  // Replicas lag a moment: once they have this last write, they have all numbers before it.
  const master = (await servers.redis.master()).admin();
  await master.set('last', 'written');
  t.equal(await master.wait(2, 10_000), 2, 'both replicas have the last write');
  master.disconnect();
  for (const id of counts.ids())
    for (const server of servers.redis.redis) {
      const admin = server.admin();
      const [kept, given] = [Number(await admin.get(`counter:${id}`)), counts.highest(id)];
      t.ok(kept >= given && given > 0, `${id}: stored ${kept}, returned ${given}`);
      admin.disconnect();
    }
});
