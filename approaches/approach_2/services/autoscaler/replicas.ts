import { lookup } from 'node:dns/promises';
import http from 'node:http';

/** Milliseconds to wait for a replica, which may be too busy to report how busy it is. */
const DEADLINE = 3000;

/** The gauge in app/src/http/operations/metrics.ts. */
const gauge = /^http_requests_in_flight(?:\{[^}]*\})? (\S+)$/m;

/** The requests in flight of every replica that answers. All are asked at the same time. */
export async function askReplicas({ replicas, port }: { replicas: string; port: number }): Promise<number[]> {
  const found = await lookup(replicas, { all: true }).catch(() => []);
  const addresses = [...new Set(found.map(({ address }) => address))];
  const asked = await Promise.all(addresses.map((host) => ask(host, port).catch(() => undefined)));
  return asked.filter((number) => number !== undefined);
}

async function ask(host: string, port: number): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const signal = AbortSignal.timeout(DEADLINE);
  http
    .get({ host, port, path: '/metrics', signal, agent: false }, async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        resolve(Buffer.concat(chunks).toString('utf8'));
      } catch (error) {
        reject(error);
      }
    })
    .on('error', reject);
  return inFlightOf(await promise);
}

/** The requests in flight, without the request for the metrics, which is one of them. */
export function inFlightOf(metrics: string): number | undefined {
  const [, value] = gauge.exec(metrics) ?? [];
  return value === undefined ? undefined : Math.max(0, Number(value) - 1);
}
