import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openLedger } from '../../scripts/cluster/load/ledger.ts';
import { ownNetwork } from '../../testing/servers/network.ts';
import type { Server } from '../../testing/servers/server.ts';
import { askCount } from './clients.ts';
import { inflict, lift, setStage } from './stage.ts';

ownNetwork();
const stage = await setStage();
t.teardown(() => stage.stop());
const urls = await Promise.all([stage.startApp(), stage.startApp()]);
const { counts } = openLedger();

/** 20 clients that ask ten times a second each, ten of either process of TheAPP, two or three of each id. */
const [clients, pause, ids] = [20, 100, 8];
const acknowledged: { at: number; url: string }[] = [];
const refused = new Map<string, number>();
let stopped = false;
const counting = Array.from({ length: clients }, async (_, client) => {
  const url = urls[client % urls.length] ?? '';
  for (let next = performance.now(); !stopped; await sleep(Math.max(0, next - performance.now()))) {
    next = Math.max(next + pause, performance.now());
    const word = await askCount(url, counts, `id${client % ids}`).catch(String);
    if (word === '200') acknowledged.push({ at: performance.now(), url });
    else refused.set(word, (refused.get(word) ?? 0) + 1);
  }
});

/** Resolves once all clients together were given 190 numbers and more within the last second. */
async function atFullRate() {
  const inLastSecond = () => acknowledged.filter(({ at }) => at > performance.now() - 1000).length;
  for (const end = performance.now() + 30_000; performance.now() < end; await sleep(50))
    if (inLastSecond() >= 190) return true;
  return false;
}

/** The longest time in seconds that the clients of one process had to wait for the next number since. */
function longestPause(url: string, since: number): number {
  const moments = acknowledged.filter((given) => given.url === url && given.at > since).map(({ at }) => at);
  const pauses = [...moments, performance.now()].map((at, place) => at - (moments[place - 1] ?? since));
  return Math.max(...pauses) / 1000;
}

/** What is done to the master, and how it is taken back. */
interface Blow {
  inflict(master: Server): Promise<void>;
  lift(master: Server): Promise<void> | void;
}

async function failover({ inflict, lift }: Blow) {
  const before = await stage.redis.master();
  acknowledged.length = 0;
  refused.clear();
  const began = performance.now();
  await inflict(before);
  for (const end = began + 30_000; performance.now() < end; await sleep(50))
    if ((await stage.redis.master().catch(() => before)) !== before) break;
  const full = await atFullRate();
  await lift(before);
  await stage.settled();
  const back = await atFullRate();
  const pauses = urls.map((url) => longestPause(url, began));
  return { before, after: await stage.redis.master(), full, back, pauses };
}

const [sentinel] = stage.redis.sentinels;
const blows: Record<string, Blow> = {
  killed: { inflict: inflict.killed, lift: lift.killed },
  paused: { inflict: inflict.paused, lift: lift.paused },
  cut: { inflict: inflict.cut, lift: lift.cut },
  'cut off from the other servers, not from TheAPP': {
    inflict: (master) => master.isolate(),
    lift: (master) => master.mend(),
  },
  'killed while the first Sentinel is paused': {
    async inflict(master) {
      await sentinel?.pause();
      await master.kill();
    },
    async lift(master) {
      sentinel?.resume();
      await master.start();
    },
  },
};

for (const [name, blow] of Object.entries(blows))
  t.test(`the Redis master is ${name}`, async (t) => {
    t.ok(await atFullRate(), '200 requests a second');
    const { before, after, full, back, pauses } = await failover(blow);
    t.not(after, before, 'another is the master');
    t.ok(full && back, '200 a second afterwards, and when the old master is back');
    const [words, longest] = [pauses.map((pause) => pause.toFixed(1)).join(' and '), Math.max(...pauses)];
    t.ok(longest <= 10, `the clients of either process wait ${words} s for a number`);
    t.comment(`pause: ${words} s; ${acknowledged.length} numbers; ${JSON.stringify([...refused])} meanwhile`);
    t.strictSame(counts.problems.splice(0), [], 'every number once, none below one that was given before');
    t.strictSame([...new Set(['503', ...refused.keys()])], ['503'], 'nothing but 503 meanwhile');
  });

t.test('every Redis has every number that was given', async (t) => {
  stopped = true;
  await Promise.all(counting);
  await stage.settled();
  // replicas follow a moment later: what was written last comes after all that was given
  const master = (await stage.redis.master()).admin();
  await master.set('last', 'written');
  t.equal(await master.wait(2, 10_000), 2, 'both replicas have what was written last');
  master.disconnect();
  for (const id of counts.ids())
    for (const server of stage.redis.redis) {
      const admin = server.admin();
      const [kept, given] = [Number(await admin.get(`counter:${id}`)), counts.highest(id)];
      t.ok(kept >= given && given > 0, `${id}: has ${kept}, gave ${given}`);
      admin.disconnect();
    }
});
