import { setTimeout as sleep } from 'node:timers/promises';
import { fetchSoon } from './clients.ts';

/** Polls the readiness and the metrics of TheAPP, like an operator's monitoring. */
export interface Watch {
  /** Every status other than 200, and every response that took over 3 s. */
  problems: string[];
  /** All entries of `degraded` so far, in order of their first appearance. */
  degraded: Set<string>;
  /** The current entries of `degraded`. */
  latest(): string[];
  /** Whether a sample was seen since the start: `name{labels} 1`, or `name{labels} increases`. */
  seen(sample: string): boolean;
  /** Breakers that are open now. */
  open(): string[];
  stop(): Promise<void>;
}

export async function startWatch(url: string): Promise<Watch> {
  const [problems, degraded, lines] = [[] as string[], new Set<string>(), new Set<string>()];
  const get = (path: string) => fetchInTime(url + path, problems);
  let [stopped, latest, metrics] = [false, [] as string[], samples(await get('/metrics'))];
  const first = metrics;
  const loop = async () => {
    for (; !stopped; await sleep(50)) {
      const [ready, text] = [await get('/readyz'), await get('/metrics')];
      latest = JSON.parse(ready || '{}').degraded ?? [];
      for (const words of latest) degraded.add(words);
      metrics = samples(text);
      for (const [name, value] of metrics) lines.add(`${name} ${value}`);
    }
  };
  const watching = loop();
  return {
    problems,
    degraded,
    latest: () => latest,
    seen(sample) {
      const name = sample.replace(/ increases$/, '');
      return name === sample ? lines.has(sample) : (metrics.get(name) ?? 0) > (first.get(name) ?? 0);
    },
    open: () =>
      [...metrics.keys()].filter(
        (name) => name.startsWith('dependency_breaker_open') && metrics.get(name) === 1,
      ),
    async stop() {
      stopped = true;
      await watching;
    },
  };
}

async function fetchInTime(url: string, problems: string[]): Promise<string> {
  const began = performance.now();
  try {
    const response = await fetchSoon(url);
    const body = await response.text();
    const milliseconds = Math.round(performance.now() - began);
    if (response.status !== 200 || milliseconds > 3000)
      problems.push(`${url}: ${response.status} in ${milliseconds} ms: ${body.slice(0, 200)}`);
    return response.status === 200 ? body : '';
  } catch (error) {
    problems.push(`${url}: ${error}`);
    return '';
  }
}

/** The values of all samples by name and labels. */
const samples = (text: string) =>
  new Map(
    [...text.matchAll(/^(\w+\{[^}]*\}) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]),
  );
