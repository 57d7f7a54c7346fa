import autocannon from 'autocannon';
import { getEachMessage, sendMessage } from 'execa';
import { type Answered, type Load, paced } from './pacing.ts';

/** The result of a load. Times are milliseconds. */
export interface Outcome {
  /** All answers; the other figures are of those that count. */
  readonly all: number;
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Statuses other than 2xx, errors and time-outs, with how many of each. */
  readonly failures: Readonly<Record<string, number>>;
}

/**
 * Loads a server, in a process of its own, which receives one Load after the other as JSON and answers each with an
 * Outcome.
 *
 * Latencies are recorded per answer, because autocannon's histogram only has whole milliseconds. With a rate,
 * autocannon sends a connection's share of a second in one burst, so `paced` sends those loads.
 */
async function shoot(load: Load): Promise<Outcome> {
  const { seconds, rate } = load;
  const latencies: number[] = [];
  const failures: Record<string, number> = {};
  let all = 0;
  const fail = (what: string, count = 1) => (failures[what] = (failures[what] ?? 0) + count);
  // Connecting does not count, nor, with a rate, the second in which the connections start.
  const before = rate === undefined ? 0.25 : 1;
  const from = performance.now() + before * 1000;
  const to = from + seconds * 1000;
  const answered: Answered = (status, milliseconds) => {
    const now = performance.now();
    all += 1;
    if (now >= from && now < to) latencies.push(milliseconds);
    if (status < 200 || status > 299) fail(String(status));
  };
  if (rate === undefined) {
    const { errors, timeouts } = await saturate({ ...load, seconds: before + seconds }, answered);
    if (timeouts > 0) fail('time-outs', timeouts);
    if (errors > timeouts) fail('errors', errors - timeouts);
  } else {
    await paced({ ...load, rate, seconds: before + seconds }, answered).catch(({ message }) => fail(message));
  }
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

/** Sends as fast as answers come, with autocannon. */
function saturate({ url, paths, connections, seconds }: Load, answered: Answered) {
  const requests = paths.map((path) => ({ method: 'GET' as const, path }));
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>();
  const options = { url, requests, connections, duration: seconds };
  const running = autocannon(options, (error: Error | null, result) =>
    error ? reject(error) : resolve(result),
  );
  running.on('response', (_client, status, _bytes, milliseconds) => answered(status, milliseconds));
  return promise;
}

if (import.meta.main) {
  for await (const load of getEachMessage()) {
    // Collects the garbage of the last load before the next one is timed.
    globalThis.gc?.();
    await sendMessage(JSON.stringify(await shoot(JSON.parse(String(load)))));
  }
}
