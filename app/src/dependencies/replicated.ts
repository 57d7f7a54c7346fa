import type { Redis } from 'ioredis';
import { Unavailable } from './unavailable.ts';

interface Waiter {
  key: string;
  /** When the caller receives a timeout: nothing is sent for it after that. */
  until: number;
  resolve(count: number): void;
  reject(error: Error): void;
}

/**
 * INCR on a dedicated connection, resolved when `replicas` replicas have the number. Redis blocks a connection during
 * WAIT, so calls that arrive meanwhile form the next batch, with one WAIT for all of them (like a group commit).
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

/** Each caller gets its number or the error from Redis. A number that too few replicas have is not returned. */
async function sendBatch(redis: Redis, batch: Waiter[], replicas: number, milliseconds: number) {
  const pipeline = redis.pipeline();
  for (const { key } of batch) pipeline.incr(key);
  pipeline.wait(replicas, Math.ceil(milliseconds));
  const results = (await pipeline.exec()) ?? [];
  const [waitFailed, have] = results.at(-1) ?? [];
  for (const [at, { resolve, reject }] of batch.entries()) {
    const [failed, count] = results[at] ?? [];
    if (failed || waitFailed) reject(failed ?? waitFailed ?? new Error('no reply'));
    else if (Number(have) < replicas) reject(notReplicated(Number(have), replicas));
    else resolve(Number(count));
  }
}

const notReplicated = (have: number, replicas: number) =>
  new Unavailable('redis', 'NOT_REPLICATED', `only ${have} of ${replicas} replicas have the number`);
