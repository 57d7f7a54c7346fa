import http from 'node:http';
import { type Newest, newestOf } from './newest.ts';
import { documentOf, elapsed, escaped, policy } from './page.ts';

/** What a page shows. */
export interface Source<T> {
  readonly title: string;
  /** Reads the state of a cluster. */
  read(): Promise<T>;
  /** The state as HTML. `now` is milliseconds since 1970. */
  body(state: T, now: number): string;
}

const headers = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Milliseconds after which the state is read although nobody looks, so that the page can show it during an outage. */
const IDLE = 30_000;

/**
 * Serves a page that shows a state, read-only, until a signal ends it. While the state cannot be read, the page says why,
 * shows the last one, and has the status 503. `/healthz` is about this program alone.
 */
export function servePage<T>(port: number, source: Source<T>): void {
  const newest = newestOf(async () => source.body(await source.read(), Date.now()));
  const server = http.createServer(async ({ url, method }, response) => {
    const send = (status: number, type: string, text: string) =>
      response
        .writeHead(status, { ...headers, 'content-type': `${type}; charset=utf-8` })
        .end(method === 'HEAD' ? undefined : text);
    if (method !== 'GET' && method !== 'HEAD') return send(405, 'text/plain', 'GET only\n');
    if (url === '/healthz') return send(200, 'text/plain', 'ok\n');
    if (url !== '/') return send(404, 'text/plain', 'not found\n');
    const found = await newest();
    const status = found.error === undefined ? 200 : 503;
    return send(status, 'text/html', documentOf(source.title, bodyOf(found, Date.now())));
  });
  server.listen(port, () => console.log(JSON.stringify({ listening: server.address() })));
  setInterval(newest, IDLE).unref();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => server.close());
}

/** The newest state as HTML; if it is an old one, with the reason and its age above it. */
function bodyOf({ last, error }: Newest<string>, now: number): string {
  const state = last?.state ?? '';
  if (error === undefined) return state;
  const old = last
    ? `<br>Below is the last state that could be read, of ${new Date(last.at).toISOString().replace('T', ' ').slice(0, 19)} UTC (${elapsed(now - last.at)} ago).`
    : '';
  return `<p class="bad">${escaped(error)}${old}</p>\n${state}`;
}
