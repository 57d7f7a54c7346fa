import http, { type IncomingMessage } from 'node:http';

/** Docker's API on its socket. */
export interface Engine {
  /** @throws Error with Docker's message */
  get<T>(path: string): Promise<T>;
  post(path: string, body: object): Promise<void>;
}

/** Milliseconds. Docker normally answers immediately. */
const DEADLINE = 10_000;

/** Paths without a version use Docker's latest. Everything used here exists since version 1.41. */
export function openEngine(socketPath: string): Engine {
  const ask = async (method: 'GET' | 'POST', path: string, body?: object): Promise<string> => {
    const content = body === undefined ? '' : JSON.stringify(body);
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(DEADLINE);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    http.request({ socketPath, method, path, headers, signal }, resolve).on('error', reject).end(content);
    const response = await promise;
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return text;
    throw new Error(`Docker answers ${statusCode} to ${method} ${path}: ${messageOf(text)}`);
  };
  return {
    get: async <T>(path: string) => JSON.parse(await ask('GET', path)) as T,
    async post(path, body) {
      await ask('POST', path, body);
    },
  };
}

/** The message in `{"message": "…"}`; otherwise the beginning of the text. */
function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: string };
    return message ?? text;
  } catch {
    return text.slice(0, 200);
  }
}
