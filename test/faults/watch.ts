import { setTimeout as sleep } from 'node:timers/promises';
import { fetchSoon } from './clients.ts';

/** What an operator sees of TheAPP: its readiness and its metrics, asked again and again. */
export interface Watch {
  /** Everything but 200, and every answer that took over 3 s. */
  problems: string[];
  /** What readiness said was degraded, in the order it was first said. */
  degraded: Set<string>;
  /** What it says now. */
  latest(): string[];
  /** Whether a sample was seen since the watch began: `name{labels} 1`, or `name{labels} grows`. */
  seen(sample: string): boolean;
  /** Breakers that are open now. */
  open(): string[];
  stop(): Promise<void>;
}

export async function startWatch(url: string): Promise<Watch> {
  const [problems, degraded, lines] = [[] as string[], new Set<string>(), new Set<string>()];
  const get = (path: string) => askInTime(url + path, problems);
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
      const name = sample.replace(/ grows$/, '');
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

async function askInTime(url: string, problems: string[]): Promise<string> {
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

/** Labels come in any order: they are compared sorted. */
const samples = (text: string) =>
  new Map(
    [...text.matchAll(/^(\w+\{[^}]*\}) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]),
  );
