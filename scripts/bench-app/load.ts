import autocannon from 'autocannon';
import { getEachMessage, sendMessage } from 'execa';

/** What is sent: by so many connections as fast as answers come, or evenly at a rate (requests/s). */
export interface Load {
  readonly url: string;
  /** Asked for in turn. */
  readonly paths: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly rate?: number;
}

/** What came back; the times are milliseconds. */
export interface Outcome {
  /** All that were answered; the other figures are of those that count. */
  readonly all: number;
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Statuses other than 2xx, errors and time-outs, with how many of each. */
  readonly failures: Readonly<Record<string, number>>;
}

/**
 * Loads a server, in a process of its own: that is sent one Load after the other, as JSON, and answers an
 * Outcome to each.
 *
 * autocannon sends what a connection may send in a second in one go at its beginning. So a rate is shared by
 * connections that begin one after the other, evenly over the second; each is an autocannon of its own. Latencies
 * are taken from its events: its histogram knows whole milliseconds only.
 */
async function shoot({ url, paths, connections, seconds, rate }: Load): Promise<Outcome> {
  const latencies: number[] = [];
  const failures: Record<string, number> = {};
  let all = 0;
  const fail = (what: string, count = 1) => (failures[what] = (failures[what] ?? 0) + count);
  // At a rate the connections begin over a second, which does not count.
  const from = performance.now() + (rate === undefined ? 0 : 1000);
  const to = from + seconds * 1000;
  const one = async (options: { connections: number; overallRate?: number }) => {
    const requests = paths.map((path) => ({ method: 'GET' as const, path }));
    const duration = rate === undefined ? seconds : seconds + 1;
    const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>();
    const running = autocannon({ url, requests, duration, ...options }, (error: Error | null, result) =>
      error ? reject(error) : resolve(result),
    );
    running.on('response', (_client, status, _bytes, milliseconds) => {
      const now = performance.now();
      all += 1;
      if (now >= from && now < to) latencies.push(milliseconds);
      if (status < 200 || status > 299) fail(String(status));
    });
    const { errors, timeouts } = await promise;
    if (timeouts > 0) fail('time-outs', timeouts);
    if (errors > timeouts) fail('errors', errors - timeouts);
  };
  if (rate === undefined) await one({ connections });
  else await Promise.all(shares(rate, connections).map((share) => share.then(one)));
  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.ceil(latencies.length * part) - 1] ?? Number.NaN;
  return {
    all,
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    failures,
  };
}

/** Each connection's part of the rate, at the moment when it is to begin. */
function shares(rate: number, most: number) {
  const connections = Math.min(most, Math.max(1, Math.round(rate)));
  return Array.from({ length: connections }, async (_, i) => {
    await new Promise((resolve) => setTimeout(resolve, (i * 1000) / connections));
    const overallRate = Math.floor(((i + 1) * rate) / connections) - Math.floor((i * rate) / connections);
    return { connections: 1, overallRate: Math.max(1, overallRate) };
  });
}

if (import.meta.main) {
  for await (const load of getEachMessage()) {
    // What the last load left behind, before the next one is timed.
    globalThis.gc?.();
    await sendMessage(JSON.stringify(await shoot(JSON.parse(String(load)))));
  }
}
