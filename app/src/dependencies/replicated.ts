import type { Redis } from 'ioredis';
import { Unavailable } from './unavailable.ts';

interface Waiter {
  key: string;
  /** When whoever asked is told that it took too long: nothing is sent for it after that. */
  until: number;
  resolve(count: number): void;
  reject(error: Error): void;
}

/**
 * INCR on a connection of its own, answered when `replicas` replicas have it. Redis stops a connection while it
 * WAITs, so those who ask meanwhile are sent together next, with one WAIT for all (as databases group commits).
 */
export function replicatedIncrement(redis: Redis, replicas: number, milliseconds: number) {
  let queue: Waiter[] = [];
  let busy = false;
  const send = async () => {
    busy = true;
    while (queue.length > 0) {
      const batch = queue.filter(({ until }) => performance.now() < until);
      queue = [];
      if (batch.length > 0) await sendBatch(redis, batch, replicas, milliseconds / 2);
    }
    busy = false;
  };
  return (key: string) =>
    new Promise<number>((resolve, reject) => {
      queue.push({ key, until: performance.now() + milliseconds, resolve, reject });
      if (!busy) void send();
    });
}

/** Each gets its number, or what Redis said. A number that too few replicas have is not given to anybody. */
async function sendBatch(redis: Redis, batch: Waiter[], replicas: number, milliseconds: number) {
  const pipeline = redis.pipeline();
  for (const { key } of batch) pipeline.incr(key);
  pipeline.wait(replicas, Math.ceil(milliseconds));
  const results = (await pipeline.exec()) ?? [];
  const [waitFailed, have] = results.at(-1) ?? [];
  for (const [at, { resolve, reject }] of batch.entries()) {
    const [failed, count] = results[at] ?? [];
    if (failed || waitFailed) reject(failed ?? waitFailed ?? new Error('no reply'));
    else if (Number(have) < replicas) reject(tooFew(Number(have), replicas));
    else resolve(Number(count));
  }
}

const tooFew = (have: number, replicas: number) =>
  new Unavailable('redis', 'NOT_REPLICATED', `${have} of ${replicas} replicas have it`);
