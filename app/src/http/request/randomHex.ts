import { randomBytes } from 'node:crypto';

const pool = { digits: '', at: 0 };

/** Returns `length` random hexadecimal digits. One call of the generator serves hundreds of requests. */
export function randomHex(length: number): string {
  if (pool.at + length > pool.digits.length)
    Object.assign(pool, { digits: randomBytes(4096).toString('hex'), at: 0 });
  const from = pool.at;
  pool.at += length;
  return pool.digits.slice(from, pool.at);
}
